//! The lists of applications, and the numbers of the codes.

#![forbid(unsafe_code)]

use super::*;

fn toml(text: &str) -> Result<Vec<AppRequest>, String> {
    parse_applications(text, ImportFormat::Toml).map_err(|error| error.to_string())
}

fn packages(text: &str) -> Result<Vec<AppRequest>, String> {
    parse_applications(text, ImportFormat::PackagesList).map_err(|error| error.to_string())
}

#[test]
fn a_toml_list_is_read() {
    let list = toml(
        "[[app]]\nname = \"org.example.a\"\nuid = 10001\ntarget_sdk = 30\npermissions = [\"READ_MEDIA_AUDIO\"]\n\
         role = \"manager\"\napp_ops = { READ_MEDIA_AUDIO = \"ignore\" }\n[[app]]\nname = \"org.example.b\"\nuid = 10002\n",
    )
    .unwrap();
    assert_eq!(
        list,
        [
            AppRequest {
                name: "org.example.a".to_owned(),
                uid: Uid::new(10_001),
                target_sdk: Some(30),
                permissions: Some(vec!["READ_MEDIA_AUDIO".to_owned(), "MANAGE_EXTERNAL_STORAGE".to_owned()]),
                app_ops: Some(vec![AppOpRecord {
                    op: "READ_MEDIA_AUDIO".to_owned(),
                    mode: "ignore".to_owned(),
                }]),
            },
            AppRequest {
                name: "org.example.b".to_owned(),
                uid: Uid::new(10_002),
                target_sdk: None,
                permissions: None,
                app_ops: None,
            },
        ]
    );
}

#[test]
fn what_is_wrong_in_a_toml_list_has_its_line_and_key() {
    let a = "[[app]]\nname = \"org.example.a\"\nuid = 1\n";
    let cases = [
        ("[[app]]\nname = \"a b\"\nuid = 1\n".to_owned(), "line 2: name: invalid application name \"a b\""),
        (format!("{a}permissions = [\"X\"]"), "line 4: permissions: unknown permission X: the valid ones"),
        (format!("{a}role = \"king\""), "line 4: role: invalid role \"king\": it is gallery, manager"),
        (format!("{a}app_ops = {{ X = \"deny\" }}"), "line 4: app_ops: unknown permission X"),
        (
            format!("{a}app_ops = {{ READ_MEDIA_AUDIO = \"no\" }}"),
            "line 4: app_ops: invalid app-op mode \"no\": it is allow, ignore, deny or default",
        ),
        (format!("{a}{a}"), "line 5: name: org.example.a is listed twice"),
        (format!("{a}colour = 1"), "line 4: syntax: unknown field `colour`"),
        ("[[app]]\nname = \"a\"\n".to_owned(), "line 1: syntax: missing field `uid`"),
        ("[[app]]\nname = \"a\"\nuid = -1\n".to_owned(), "line 3: syntax: invalid value: integer `-1`"),
        ("\n[[app".to_owned(), "line 2: syntax: "),
    ];
    for (text, expected) in cases {
        let error = toml(&text).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_packages_list_is_read() {
    let list = packages(
        "com.android.cts.ctsshim 10087 0 /data/user/0/com.android.cts.ctsshim default:privapp:targetSdkVersion=28 \
         none 0 28 1 @null\norg.example.old 10123 1 /data/user/0/org.example.old default:targetSdkVersion=29:complete \
         3003,1023\n",
    )
    .unwrap();
    let found: Vec<_> = list.iter().map(|app| (app.name.as_str(), app.uid.raw(), app.target_sdk)).collect();
    assert_eq!(found, [("com.android.cts.ctsshim", 10_087, Some(28)), ("org.example.old", 10_123, Some(29))]);
    assert!(list.iter().all(|app| app.permissions.is_none()));
}

#[test]
fn what_is_wrong_in_a_packages_list_has_its_line_and_column() {
    let cases = [
        ("org.example.a\n", "line 1: syntax: a line begins with a package name and a uid"),
        ("org.example.a ten 0 /\n", "line 1: uid: \"ten\" is not a number"),
        ("org.example.a 10 0 /\norg/b 1\n", "line 2: name: invalid application name \"org/b\""),
        ("org.example.a 10 0 / default:targetSdkVersion=x\n", "line 1: seinfo: \"x\" is no target SDK"),
        ("org.example.a 10\n\norg.example.a 11\n", "line 3: name: org.example.a is listed twice"),
    ];
    for (text, expected) in cases {
        let error = packages(text).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn codes_survive_the_wire() {
    for code in [Code::Refused, Code::NotFound, Code::Invalid, Code::Internal] {
        assert_eq!(Code::of_number(code.number()), code);
    }
    assert_eq!(Code::of_number(99), Code::Internal);
}

#[test]
fn every_operation_has_a_name_that_leads_back_to_it() {
    for name in operation_list().split(", ") {
        let to = [Asked::RENAME, Asked::EXCHANGE].contains(&name).then_some("b");
        let (Asked::Operation(operation) | Asked::Access(operation)) = Asked::parse(name, to).unwrap() else {
            continue;
        };
        assert_eq!(names::operation(operation.name()).unwrap(), operation, "{name}");
    }
    assert!(Asked::parse(Asked::RENAME, None).is_err() && Asked::parse("read", Some("b")).is_err());
}
