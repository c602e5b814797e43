use proptest::prelude::*;

use super::*;

#[test]
fn reads_the_forms_of_the_standard() {
    let uri: KeyUri = "pkcs11:token=The%20Station;object=issuing%2D1;id=%01%Fe;type=private"
        .parse()
        .unwrap();
    assert_eq!(
        (uri.label(), uri.id()),
        (Some("issuing-1"), Some(&[1, 0xfe][..]))
    );
    assert_eq!(
        uri.to_string(),
        "pkcs11:token=The%20Station;object=issuing-1;id=%01%FE"
    );
    assert!(uri.fits(&TokenUri::with_label("The Station")));
    assert!(!uri.fits(&TokenUri::with_label("another")));
}

#[test]
fn refuses_what_it_does_not_understand() {
    let key = |text: &str| text.parse::<KeyUri>().unwrap_err();
    let pin = key("pkcs11:object=a?pin-value=1234");
    assert_eq!(pin, UriError::PinValue);
    assert!(!pin.to_string().contains("1234"));
    assert_eq!(key("pkcs11:object=a;pin-value=1234"), UriError::PinValue);
    assert_eq!(key("pkcs11:object=a?pin-source=file:/x"), UriError::Query);
    assert_eq!(key("pkcs11:object=a;object=b"), UriError::Twice("object"));
    assert_eq!(key("pkcs11:object=a;type=public"), UriError::Type);
    assert_eq!(key("pkcs11:object="), UriError::Value("object"));
    assert_eq!(key("pkcs11:object=a b"), UriError::Value("object"));
    assert_eq!(key("pkcs11:object=%4"), UriError::Value("object"));
    assert_eq!(key("pkcs11:object=%ff"), UriError::Value("object"));
    assert_eq!(key("pkcs11:token=a"), UriError::NoObject);
    assert_eq!(key("PKCS11:object=a"), UriError::Scheme);
    assert_eq!(key("pkcs11:"), UriError::Scheme);
    assert_eq!(key("pkcs11:object=a;"), UriError::Scheme);
    assert!(matches!(
        key("pkcs11:object=a;slot-id=1"),
        UriError::Attribute(_)
    ));
    assert_eq!(
        "pkcs11:token=a;object=b".parse::<TokenUri>(),
        Err(UriError::ObjectInToken)
    );
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(
        token in proptest::option::of("[^\\p{Cc}]{1,12}"),
        object in "[^\\p{Cc}]{1,12}",
        id in proptest::option::of(proptest::collection::vec(any::<u8>(), 1..8)),
    ) {
        let token = TokenName { token, ..TokenName::default() };
        let uri = KeyUri { token, object: Some(object), id };
        prop_assert_eq!(uri.to_string().parse::<KeyUri>(), Ok(uri));
    }

    #[test]
    fn no_text_makes_it_panic(text in "pkcs11:[ -~]{0,40}") {
        let _read = (text.parse::<KeyUri>(), text.parse::<TokenUri>());
    }
}
