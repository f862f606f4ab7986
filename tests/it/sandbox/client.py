"""Publishes FILE as TYPE with Python's own HTTP, as scripts for CI do."""

import http.client
import json
import os
import sys
import time
import urllib.parse
import urllib.request

api, key = os.environ["PGYER_API_URL"], os.environ["PGYER_API_KEY"]
path, build_type = sys.argv[1:]


def ask(call, query="", body=None):
    with urllib.request.urlopen(f"{api}/app/{call}{query}", body) as response:
        return json.load(response)


parameters = {
    "_api_key": key,
    "buildType": build_type,
    "buildInstallType": 1,
    "buildPassword": "",
    "buildUpdateDescription": "100 % new\n蒲公英",
    "buildInstallDate": 2,
}
token = ask("getCOSToken", body=urllib.parse.urlencode(parameters).encode())["data"]

boundary = "9c51b1e2f7c64a0b8d2e"
head = "".join(
    f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
    for name, value in sorted(token["params"].items())
)
head += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="蒲公英.hap"\r\n\r\n'
with open(path, "rb") as file:
    body = head.encode() + file.read() + f"\r\n--{boundary}--\r\n".encode()
endpoint = urllib.parse.urlsplit(token["endpoint"])
connection = http.client.HTTPConnection(endpoint.netloc)
content_type = f"multipart/form-data; boundary={boundary}; charset=utf-8"
connection.request("POST", endpoint.path, body, {"Content-Type": content_type})
answer = connection.getresponse()
if answer.status != 204:
    sys.exit(f"{answer.status}: {answer.read().decode()}")

query = "?" + urllib.parse.urlencode({"_api_key": key, "buildKey": token["key"]})
while (answer := ask("buildInfo", query))["code"] == 1247:
    time.sleep(0.01)
print(json.dumps(answer))
