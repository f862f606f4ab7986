// Publishes FILE as TYPE with Node's fetch, and asks with an empty POST, as older scripts do.

const fs = require('node:fs');
const http = require('node:http');

const { PGYER_API_URL: api, PGYER_API_KEY: key } = process.env;
const [path, buildType] = process.argv.slice(2);

function form(fields) {
  const form = new FormData();
  Object.entries(fields).forEach(([name, value]) => form.append(name, value));
  return form;
}

function ask(buildKey) {
  const url = `${api}/app/buildInfo?_api_key=${key}&buildKey=${buildKey}`;
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': 0 };
    http.request(url, { method: 'POST', headers }, async (response) => {
      let text = '';
      for await (const piece of response) text += piece;
      resolve(JSON.parse(text));
    }).on('error', reject).end();
  });
}

async function main() {
  const parameters = form({ _api_key: key, buildType, filePath: path, log: 'true' });
  const answer = await fetch(`${api}/app/getCOSToken`, { method: 'POST', body: parameters });
  const token = (await answer.json()).data;
  const fields = form({ ...token.params, 'x-cos-meta-file-name': 'node.apk' });
  fields.append('file', new Blob([fs.readFileSync(path)]), 'node.apk');
  const stored = await fetch(token.endpoint, { method: 'POST', body: fields });
  if (stored.status !== 204) throw new Error(`${stored.status}: ${await stored.text()}`);
  let build = await ask(token.key);
  while (build.code === 1247) build = await ask(token.key);
  console.log(JSON.stringify(build));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
