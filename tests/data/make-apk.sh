#!/bin/sh
# Makes app.apk beside this script: a small signed app with v1, v2 and v3 signatures.
#
# Needs, on Debian: apt-get install aapt zipalign apksigner android-framework-res default-jdk-headless
# The key is new each time and thrown away, so each run makes other signatures.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
framework=/usr/share/android-framework-res/framework-res.apk
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

mkdir -p app/res/values app/assets
cat > app/AndroidManifest.xml <<'XML'
<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android"
    package="com.example.sample" android:versionCode="7" android:versionName="1.2.3">
    <uses-sdk android:minSdkVersion="21" android:targetSdkVersion="29" />
    <application android:label="@string/app_name" android:hasCode="false">
        <activity android:name="android.app.NativeActivity">
            <intent-filter>
                <action android:name="android.intent.action.MAIN" />
                <category android:name="android.intent.category.LAUNCHER" />
            </intent-filter>
        </activity>
    </application>
</manifest>
XML
cat > app/res/values/strings.xml <<'XML'
<?xml version="1.0" encoding="utf-8"?>
<resources><string name="app_name">Sample</string></resources>
XML
echo 'A sample to be uploaded.' > app/assets/readme.txt
find app -exec touch -d 2024-01-01T00:00:00Z {} +

aapt package -f -F unaligned.apk -I "$framework" \
    -M app/AndroidManifest.xml -S app/res -A app/assets
zipalign -f 4 unaligned.apk aligned.apk

keytool -genkeypair -keystore key.p12 -storetype PKCS12 -storepass secret -alias sample \
    -keyalg EC -groupname secp256r1 -validity 10000 -dname CN=Sample 2> /dev/null
apksigner sign --ks key.p12 --ks-pass pass:secret --out signed.apk \
    --v1-signing-enabled true --v2-signing-enabled true --v3-signing-enabled true \
    --v4-signing-enabled false aligned.apk
mv signed.apk "$here/app.apk"
