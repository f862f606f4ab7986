#!/bin/sh
# Makes findings/android-*.apk beside this script: small real APKs, each with the one finding that
# its name says.
#
# Needs, on Debian: apt-get install aapt zipalign apksigner android-framework-res default-jdk-headless python3
# The keys are new each time and thrown away, so each run makes other signatures.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
framework=/usr/share/android-framework-res/framework-res.apk
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$here/findings"
cd "$work"

key() {
    keytool -genkeypair -keystore "$1.p12" -storetype PKCS12 -storepass secret -alias sample \
        -keyalg EC -groupname secp256r1 -validity 10000 -dname "CN=$2" 2> /dev/null
}
key own Sample
key debug 'Android Debug'

launcher='<intent-filter>
        <action android:name="android.intent.action.MAIN" />
        <category android:name="android.intent.category.LAUNCHER" /></intent-filter>'

# What each APK differs in from one that every phone installs.
plain() {
    min=24 target=34 manifest= application='android:hasCode="false"' parts=
    activity='android:exported="true"' filter=$launcher libraries= repack=: align=4
    signer=own v1=false v2=true
}

manifest() {
    cat << XML
<?xml version="1.0" encoding="utf-8"?>
<manifest xmlns:android="http://schemas.android.com/apk/res/android"
    package="com.example.sample" android:versionCode="7" android:versionName="1.2.3" $manifest>
    <uses-sdk android:minSdkVersion="$min" android:targetSdkVersion="$target" />
    <application android:label="@string/app_name" $application>
        <activity android:name="android.app.NativeActivity" $activity>$filter</activity>
        $parts
    </application>
</manifest>
XML
}

# Makes findings/$1.apk of what the variables say.
make() {
    rm -rf app out.apk aligned.apk
    mkdir -p app/res/values app/raw
    manifest > app/AndroidManifest.xml
    echo '<resources><string name="app_name">Sample</string></resources>' > app/res/values/strings.xml
    for abi in $libraries; do
        mkdir -p "app/raw/lib/$abi"
        echo 'no real library' > "app/raw/lib/$abi/libsample.so"
    done
    find app -exec touch -d 2024-01-01T00:00:00Z {} +
    aapt package -f -F out.apk -I "$framework" -M app/AndroidManifest.xml -S app/res app/raw
    $repack
    zipalign -f $align out.apk aligned.apk
    rm -f "$here/findings/$1.apk"
    if [ "$v1$v2" = falsefalse ]; then
        cp aligned.apk signed.apk
    else
        apksigner sign --ks $signer.p12 --ks-pass pass:secret --out signed.apk \
            --min-sdk-version "${lowest:-$min}" --v1-signing-enabled $v1 --v2-signing-enabled $v2 \
            --v3-signing-enabled false --v4-signing-enabled false aligned.apk
    fi
    mv signed.apk "$here/findings/$1.apk"
}

compress_resources() {
    python3 - << 'PYTHON'
import zipfile
with zipfile.ZipFile("out.apk") as old:
    entries = [(info, old.read(info)) for info in old.infolist()]
with zipfile.ZipFile("out.apk", "w") as new:
    for info, data in entries:
        new.writestr(info, data, zipfile.ZIP_DEFLATED)
PYTHON
}

plain; make none
plain; v2=false; make android-not-signed
plain; min=21 v1=true v2=false; make android-v1-only
# Aligned after it was signed: that takes the signing block away.
plain; min=21 v1=true; make signed
zipalign -f 4 "$here/findings/signed.apk" "$here/findings/android-signature-stripped.apk"
rm "$here/findings/signed.apk"
plain; min=21; make android-signature-too-new
plain; application="$application android:testOnly=\"true\""; make android-test-only
plain; manifest='split="config.xxhdpi"'; make android-split
plain; manifest='android:isSplitRequired="true"'; make android-splits-missing
plain; target=Baklava lowest=24; make android-preview-sdk
plain; min=24 target=23; make android-old-target
plain; repack=compress_resources; make android-resources
plain; application="$application android:extractNativeLibs=\"false\"" libraries=arm64-v8a
make android-native-libs
plain; libraries='x86 x86_64'; make android-no-arm
plain; libraries=armeabi-v7a; make android-32-bit-only
plain; activity=; make android-exported
plain; application=; make android-no-code
plain; manifest='android:sharedUserId="android.uid.system"'; make android-system-user
plain; parts='<uses-library android:name="com.example.library" />'; make android-library
plain; filter=; make android-no-launcher
plain; signer=debug; make android-debug-key
mv "$here/findings/none.apk" "$here/findings/none-android.apk"
