//! A text and images in, the same text with their values out.

use super::*;

fn image(version: &str, byte: u8, counter: Option<u32>) -> PinnedImage {
    PinnedImage {
        component: "APP".to_owned(),
        version: version.to_owned(),
        measurement: Digest::from_bytes([byte; 32]),
        signer: Digest::from_bytes([0xaa; 32]),
        security_counter: counter,
    }
}

#[track_caller]
fn check(text: &str, images: &[PinnedImage], options: PinOptions, expected: &str) {
    let pinned = write_images(text, images, options).unwrap_or_else(|error| panic!("{error}"));
    let short = |text: &str| {
        let digests = [[0x11; 32], [0x22; 32], [0xaa; 32]];
        digests.iter().fold(text.to_owned(), |text, digest| {
            let hex = Hex(digest.to_vec()).to_string();
            text.replace(&hex, &hex[..2])
        })
    };
    assert_eq!(short(&pinned.text), expected);
}

const ADD: PinOptions = PinOptions {
    new_components: true,
    replace: true,
};

#[test]
fn comments_and_order_stay() {
    check(
        "# first\n[[firmware]]\ncomponent = \"APP\" # the program\nversions = [\n    \
         { version = \"1.0.0\", measurement = \"00\" }, # of May\n    # more follow\n]\n\n[other]\nx=1 # y\n",
        &[image("1.1.0", 0x11, Some(3)), image("1.2.0", 0x22, None)],
        PinOptions::default(),
        "# first\n[[firmware]]\ncomponent = \"APP\" # the program\nversions = [\n    \
         { version = \"1.0.0\", measurement = \"00\" }, # of May\n    # more follow\n    \
         { version = \"1.1.0\", measurement = \"11\", security_counter = 3 },\n    \
         { version = \"1.2.0\", measurement = \"22\" },\n]\n\n[other]\nx=1 # y\n",
    );
}

#[test]
fn a_list_on_one_line_stays_on_it() {
    check(
        "[[firmware]]\ncomponent = \"APP\"\nversions = [{ version = \"1.0.0\", measurement = \"00\" }]\n",
        &[image("1.1.0", 0x11, None)],
        PinOptions::default(),
        "[[firmware]]\ncomponent = \"APP\"\nversions = [{ version = \"1.0.0\", measurement = \"00\" }, \
         { version = \"1.1.0\", measurement = \"11\" }]\n",
    );
}

#[test]
fn a_replaced_or_completed_version_keeps_its_place() {
    let text = "[[firmware]]\ncomponent = \"APP\"\nversions = [\n    # the first\n    \
                { version = \"1.0.0\", measurement = \"1111111111111111111111111111111111111111111111111111111111111111\" }, # kept\n]\n";
    let expected = |digest: &str| {
        format!(
            "[[firmware]]\ncomponent = \"APP\"\nversions = [\n    # the first\n    \
             {{ version = \"1.0.0\", measurement = \"{digest}\", security_counter = 5 }}, # kept\n]\n"
        )
    };
    check(text, &[image("1.0.0", 0x22, Some(5))], ADD, &expected("22"));
    let completed = [image("1.0.0", 0x11, Some(5))];
    check(text, &completed, PinOptions::default(), &expected("11"));
    let pinned = write_images(text, &[image("1.0.0", 0x11, None)], ADD).unwrap();
    assert_eq!(
        (pinned.text.as_str(), pinned.changes.as_slice()),
        (text, [PinChange::Unchanged].as_slice())
    );
    let other = write_images(text, &[image("1.0.0", 0x22, None)], PinOptions::default());
    assert!(
        matches!(other, Err(PinError::OtherImage { .. })),
        "{other:?}"
    );
}

#[test]
fn a_new_profile_begins_with_its_images() {
    check(
        "",
        &[image("1.0.0", 0x11, Some(0))],
        ADD,
        "\n[[firmware]]\ncomponent = \"APP\"\nsigner = \"aa\"\nversions = [\n    \
         { version = \"1.0.0\", measurement = \"11\", security_counter = 0 },\n]\n",
    );
    check(
        "[[firmware]]\ncomponent = \"APP\"\nversions = []\n",
        &[image("1.0.0", 0x11, None)],
        PinOptions::default(),
        "[[firmware]]\ncomponent = \"APP\"\nversions = [\n    { version = \"1.0.0\", measurement = \"11\" },\n]\n",
    );
}

#[test]
fn says_what_it_can_t_add_to() {
    let check = |text: &str, expected: &str| {
        let error = write_images(text, &[image("1.0.0", 0x11, None)], PinOptions::default());
        let said = error.unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    };
    check("firmware = 1", "`firmware` can't be added to");
    check(
        "[[firmware]]\ncomponent = \"APP\"\nversions = 1",
        "`versions` can't be added to",
    );
    check(
        "[[firmware]]\ncomponent = \"APP\"\n[[firmware.versions]]",
        "`versions` can't be added to",
    );
    check(
        "[[firmware]]\ncomponent = \"BL\"",
        "no component \"APP\"; it has BL",
    );
    check("", "no component \"APP\"; it has none");
    check("x = ", "TOML parse error");
}
