use super::super::config_text;
use super::*;

/// A configuration such as `station init` writes.
pub(in crate::station_home) fn sample() -> String {
    let keys = [
        "root",
        "issuing",
        "manifest",
        "owner",
        "authority",
        "ledger",
    ];
    let keys = keys
        .map(|key| format!("{key} = \"pkcs11:object=s1-{key}\"\n"))
        .concat();
    format!(
        "schema = 1\nname = \"station-1\"\ndevelopment = true\n\n[hsm]\n\
         module = \"/usr/lib/module.so\"\ntoken = \"pkcs11:token=s1\"\nworkers = 2\n\
         request_timeout_ms = 5000\n\n[hsm.pin]\nfile = \"pin\"\n\n[hsm.keys]\n{keys}\n\
         [[operator]]\nid = \"op-1\"\nrole = \"security-officer\"\n\n\
         [[lane]]\nname = \"lane0\"\nport = \"/dev/ttyUSB0\"\nbaud = 115200\n"
    )
}

fn fault(from: &str, to: &str) -> ConfigFault {
    let text = sample();
    assert!(text.contains(from), "{from}");
    Config::parse(&text.replacen(from, to, 1)).unwrap_err()
}

#[test]
fn what_is_written_reads_the_same() {
    let config = Config::parse(&sample()).unwrap();
    assert_eq!(Config::parse(&config_text(&config)), Ok(config));
}

#[test]
fn printer_sign_in_and_adapter_read_as_written() {
    let more = [
        "[label_printer]\nspool = \"/var/spool/labels\"\n",
        "[label_printer]\ntcp = \"printer:9100\"\nlanguage = \"text\"\ntimeout_ms = 100\n",
        "[label_printer]\ndevice = \"/dev/usb/lp0\"\n[sign_in]\nidle_minutes = 3\n",
        "[sign_in]\nidle_seconds = 5\n",
    ];
    for more in more {
        let text = format!("{}adapter = \"A50285BI\"\n{more}", sample());
        let config = Config::parse(&text).unwrap();
        assert_eq!(config.lanes[0].adapter.as_deref(), Some("A50285BI"));
        assert_eq!(Config::parse(&config_text(&config)), Ok(config));
    }
    assert_eq!(Config::parse(&sample()).unwrap().sign_in.idle_seconds, 900);
    let refused = [
        ("[label_printer]\n", "no printer is named"),
        (
            "[label_printer]\nspool = \"a\"\ntcp = \"b:1\"\n",
            "more than one",
        ),
        ("[label_printer]\ntcp = \"printer\"\n", "names no port"),
        ("[label_printer]\ntcp = \"printer:0\"\n", "names no port"),
        (
            "[label_printer]\nspool = \"a\"\ntimeout_ms = 5\n",
            "timeout_ms is out of range",
        ),
        (
            "[label_printer]\nspool = \"a\"\nlanguage = \"epl\"\n",
            "unknown variant",
        ),
        (
            "[sign_in]\nidle_minutes = 0\n",
            "idle_minutes is out of range",
        ),
        (
            "[sign_in]\nidle_seconds = 4\n",
            "idle_seconds is out of range",
        ),
        (
            "[sign_in]\nidle_seconds = 5\nidle_minutes = 3\n",
            "it does not say once",
        ),
    ];
    for (more, expected) in refused {
        let fault = Config::parse(&format!("{}{more}", sample())).unwrap_err();
        assert!(fault.problem.contains(expected), "{more}: {fault}");
        assert!(fault.line > 29, "{fault}");
    }
}

#[test]
fn faults_have_line_and_hint() {
    let unknown = fault("workers = 2", "worker = 2");
    assert_eq!((unknown.line, unknown.column), (8, 1));
    assert!(unknown.hint.contains("write workers"), "{unknown}");

    let missing = fault("workers = 2\n", "");
    assert!(missing.hint.contains("add `workers`"), "{missing}");

    let schema = fault("schema = 1", "schema = 2\nkey_of_tomorrow = 1");
    assert_eq!((schema.line, schema.hint.contains("schema = 1")), (1, true));

    let pin = fault("pkcs11:token=s1", "pkcs11:token=s1?pin-value=1234");
    assert!(pin.line == 7 && pin.problem.contains("[hsm.pin]"), "{pin}");
    assert!(!pin.to_string().contains("1234"), "{pin}");
}

#[test]
fn values_have_bounds() {
    let cases = [
        ("workers = 2", "workers = 17", 8),
        ("workers = 2", "workers = 0", 8),
        ("request_timeout_ms = 5000", "request_timeout_ms = 1", 9),
        ("\"/usr/lib/module.so\"", "\"module.so\"", 6),
        ("baud = 115200", "baud = 5", 29),
        ("\"station-1\"", "\"station 1\"", 2),
        ("role = \"security-officer\"", "role = \"king\"", 24),
        ("file = \"pin\"", "file = \"pin\"\nprompt = true", 11),
        ("file = \"pin\"", "", 11),
        ("pkcs11:object=s1-root", "pkcs11:object=s1-issuing", 16),
        (
            "pkcs11:object=s1-root",
            "pkcs11:token=s2;object=s1-root",
            15,
        ),
        ("development = true", "development = false", 18),
    ];
    for (from, to, line) in cases {
        let fault = fault(from, to);
        assert_eq!(fault.line, line, "{to}: {fault}");
    }
}

#[test]
fn names_and_ports_stand_once() {
    let lane = "[[lane]]\nname = \"lane0\"\nport = \"/dev/ttyUSB0\"\nbaud = 115200\n";
    let text = sample() + lane;
    let twice = Config::parse(&text).unwrap_err();
    assert!(twice.problem.contains("lane0"), "{twice}");
    let twice = Config::parse(&text.replacen("lane0", "lane1", 1)).unwrap_err();
    assert!(twice.problem.contains("/dev/ttyUSB0"), "{twice}");
    let operator = "[[operator]]\nid = \"op-1\"\nrole = \"auditor\"\n";
    let twice = Config::parse(&(sample() + operator)).unwrap_err();
    assert!(twice.problem.contains("op-1"), "{twice}");
}

#[test]
fn witnesses_and_intervals_have_bounds() {
    let key = |letter: &str| format!("w.example+00000000+{letter}");
    let witness = |name: &str, key: &str| {
        format!("\n[[ledger.witness]]\nname = \"{name}\"\nvkey = \"{key}\"\n")
    };
    let both = witness("one", &key("B")) + &witness("two", &key("C"));
    let with = |ledger: &str, witnesses: &str| {
        Config::parse(&(sample() + "\n[ledger]\n" + ledger + witnesses))
    };
    let config = with("checkpoint_interval_s = 60\nwitness_quorum = 2\n", &both).unwrap();
    assert_eq!(config.ledger.checkpoint_interval_s, Some(60));
    assert_eq!(config.ledger.witness_quorum, Some(2));
    assert_eq!(config.ledger.witnesses[1].vkey, key("C"));
    assert_eq!(Config::parse(&config_text(&config)), Ok(config));
    let refused = |ledger: &str, witnesses: &str, word: &str| {
        let fault = with(ledger, witnesses).unwrap_err();
        assert!(fault.to_string().contains(word), "{fault}");
    };
    refused("checkpoint_interval_s = 0\n", "", "checkpoint_interval_s");
    refused(
        "checkpoint_interval_s = 86401\n",
        "",
        "checkpoint_interval_s",
    );
    refused("witness_quorum = 3\n", &both, "2 witnesses are listed");
    refused("witness_quorum = 0\n", &both, "witness_quorum");
    refused("witness_quorum = 1\n", "", "witness_quorum");
    refused(
        "",
        &(both.clone() + &witness("two", &key("D"))),
        "listed twice",
    );
    refused(
        "",
        &(both.clone() + &witness("three", &key("C"))),
        "this key",
    );
    refused("", &witness("", &key("B")), "no name");
    let many: String = (0..16)
        .map(|n| witness(&n.to_string(), &key(&n.to_string())))
        .collect();
    refused("", &many, "more than 15");
}
