//! The main job.

use crate::support::{data, program_for, run};

#[test]
fn a_package_goes_from_disk_to_a_published_build() {
    for (file, build_type) in [("app.apk", "android"), ("app.ipa", "ios"), ("app.hap", "harmonyos")]
    {
        let sandbox = crate::support::strict();
        let path = data(file);
        let arguments = ["upload", "--json", "--poll-interval", "10ms", path.to_str().unwrap()];
        let ran = run(&mut program_for(&sandbox), arguments).expect(0);
        let result = &ran.json()[0];
        let seen = sandbox.seen();
        let size = std::fs::metadata(&path).unwrap().len();
        assert_eq!(result["type"], build_type);
        assert_eq!(result["size"], size);
        assert_eq!(result["build"]["buildFileSize"], size);
        assert_eq!(seen.objects.len(), 1);
        assert_eq!(seen.objects[0].size, size);
        assert_eq!(result["key"], seen.objects[0].key.as_str());
        assert!(result["upload_seconds"].is_number() && result["publish_seconds"].is_number());
    }
}
