//! One value of every message, with all its fields in use.

use firmware_proto::authority::{Commit, Grant, Proof, Purpose, Receipt, StationCredential};
use firmware_proto::object_transfer::{Announcement, BlobId, ChunkSet, InstallPackage};
use firmware_proto::request::Hello;
use firmware_proto::response::Identity;
use firmware_proto::version::Version;
use firmware_proto::{
    AddressMap, BootId, DeviceNonce, Digest, HardwareRevision, Measurement, Nonce, ProductCode,
    ProvisioningState, Refusal, Request, Response, Scalar, ScalarList, ScalarMeasurement,
    SecurityLifecycle, SessionId, Uid, Unit, Value,
};

pub(crate) const SIGNATURE: [u8; 64] = [0xAB; 64];

pub(crate) const PACKAGE: InstallPackage = InstallPackage {
    credential_bytes: 0x00B4,
    grant_bytes: 0x0120,
    chain_bytes: 0x0456,
};

pub(crate) const REFUSALS: [Refusal; 11] = [
    Refusal::Malformed,
    Refusal::OutOfOrder,
    Refusal::Committed,
    Refusal::BlobIncomplete,
    Refusal::Bounds,
    Refusal::Credential,
    Refusal::Epoch,
    Refusal::Grant,
    Refusal::Commit,
    Refusal::NoReceipt,
    Refusal::Hardware,
];

const fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

const fn nonce(byte: u8) -> Nonce {
    Nonce::from_bytes([byte; 32])
}

fn uid() -> Uid {
    Uid::from_bytes(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]).unwrap()
}

fn product() -> ProductCode {
    ProductCode::parse("SENSOR-A").unwrap()
}

const fn announcement(blob: BlobId) -> Announcement {
    Announcement {
        blob,
        first_bytes: 500,
        total_bytes: 1300,
        digest: digest(0xD1),
    }
}

pub(crate) fn requests() -> Vec<Request<'static>> {
    let blob = BlobId::InstallPackage;
    vec![
        Request::Hello(Hello {
            min_version: Version(1),
            max_version: Version(1),
            max_frame_bytes: 1024,
            window_chunks: 8,
            session: SessionId::from_bytes([0x51; 16]),
        }),
        Request::Attest {
            station_nonce: nonce(0xA1),
        },
        Request::SelfTest,
        Request::MakeKey {
            key_nonce: nonce(0xA2),
        },
        Request::WriteChunk {
            blob,
            total_bytes: 1009,
            index: 1,
            acknowledge: true,
            data: b"chunk",
        },
        Request::WriteStatus { blob },
        Request::ReadChunks {
            blob: BlobId::Evidence,
            missing: ChunkSet(0x8000_0005),
        },
        Request::Install {
            package: digest(0xD2),
        },
        Request::Prove {
            station_nonce: nonce(0xA3),
        },
        Request::Commit {
            commit: b"a signed commit",
            receipt_nonce: nonce(0xA4),
        },
        Request::GetReceipt {
            receipt_nonce: nonce(0xA5),
        },
        Request::Farewell { passed: true },
    ]
}

pub(crate) fn responses() -> Vec<Response<'static>> {
    vec![
        Response::Identity(Identity {
            version: Version(1),
            max_frame_bytes: 1024,
            window_chunks: 4,
            uid: uid(),
            product: product(),
            hardware_revision: HardwareRevision::parse("C2").unwrap(),
            state: ProvisioningState::KeyMade,
            device_nonce: DeviceNonce::from_bytes([0xDD; 32]),
            boot: BootId::from_bytes([0xB0, 0xB1, 0xB2, 0xB3]),
        }),
        Response::NoCommonVersion {
            min_version: Version(1),
            max_version: Version(1),
        },
        Response::Evidence(announcement(BlobId::Evidence)),
        Response::Measurements(measurements()),
        Response::KeyEvidence(announcement(BlobId::KeyEvidence)),
        Response::ChunksReceived {
            blob: BlobId::InstallPackage,
            received: ChunkSet(0x0000_0003),
        },
        Response::Chunk {
            blob: BlobId::Evidence,
            index: 2,
            data: b"chunk",
        },
        Response::Installed {
            chain: digest(0xD3),
        },
        Response::Proof {
            proof: b"a signed proof",
        },
        Response::Receipt(announcement(BlobId::Receipt)),
        Response::Working { retry_ms: 250 },
        Response::Refused(Refusal::Epoch),
        Response::Done,
    ]
}

/// Each unit once, and both kinds of value.
fn measurements() -> ScalarList {
    let rows = [
        ("pins", Scalar::Integer(0x0F), Unit::None),
        ("vdd_3v3", Scalar::Real(3.3), Unit::Volt),
        ("idle", Scalar::Real(0.001_25), Unit::Ampere),
        ("xtal", Scalar::Integer(32_768), Unit::Hertz),
        ("die", Scalar::Integer(-5), Unit::Celsius),
        ("boot", Scalar::Real(0.2), Unit::Second),
        ("shunt", Scalar::Real(f32::INFINITY), Unit::Ohm),
    ];
    rows.into_iter()
        .map(|(name, value, unit)| ScalarMeasurement {
            name: name.try_into().unwrap(),
            value,
            unit,
        })
        .collect()
}

/// What version 2 has more, or says otherwise.
pub(crate) fn requests_of_version_2() -> Vec<Request<'static>> {
    vec![Request::Hello(Hello {
        min_version: Version(1),
        max_version: Version(2),
        max_frame_bytes: 1024,
        window_chunks: 8,
        session: SessionId::from_bytes([0x51; 16]),
    })]
}

/// What version 2 has more.
pub(crate) fn responses_of_version_2() -> Vec<Response<'static>> {
    vec![Response::SelfTestReport(announcement(BlobId::SelfTest))]
}

/// Each kind of value once.
pub(crate) fn report() -> Vec<Measurement> {
    let mut bus = AddressMap::default();
    for address in [0x00, 0x1D, 0x48, 0x7F] {
        bus.insert(address);
    }
    let readings = [24.5, -0.0, f32::NAN, f32::NEG_INFINITY];
    let rows = [
        ("vdd_3v3", Value::Real(3.3), Unit::Volt),
        ("flash_errors", Value::Integer(-1), Unit::None),
        (
            "t_die",
            Value::Readings(readings.into_iter().collect()),
            Unit::Celsius,
        ),
        ("fuses", Value::Mask(0x8000_00F1), Unit::None),
        ("rom", Value::Text("2.1.4".try_into().unwrap()), Unit::None),
        ("option_bytes", Value::Digest(digest(0xD5)), Unit::None),
        ("i2c1", Value::Bus(bus), Unit::None),
    ];
    rows.into_iter()
        .map(|(name, value, unit)| Measurement {
            name: name.try_into().unwrap(),
            value,
            unit,
        })
        .collect()
}

pub(crate) fn credential() -> StationCredential {
    StationCredential {
        station: "line-1".try_into().unwrap(),
        product: product(),
        epoch: 1000,
        authority_key: [0x04; 65],
    }
}

pub(crate) fn grant() -> Grant {
    Grant {
        purpose: Purpose::InitialIdentity,
        product: product(),
        uid: uid(),
        device_nonce: DeviceNonce::from_bytes([0xDD; 32]),
        identity_key: digest(0xE1),
        chain: digest(0xE2),
        trust_anchor: digest(0xE3),
        next_state: SecurityLifecycle::SECURED,
        epoch: 1000,
    }
}

pub(crate) fn proof() -> Proof {
    Proof {
        uid: uid(),
        station_nonce: nonce(0xA3),
        certificate: digest(0xE4),
        grant: digest(0xE5),
    }
}

pub(crate) fn commit() -> Commit {
    Commit {
        uid: uid(),
        device_nonce: DeviceNonce::from_bytes([0xDD; 32]),
        proof: digest(0xE6),
    }
}

pub(crate) fn receipt() -> Receipt {
    Receipt {
        uid: uid(),
        commit: digest(0xE7),
        certificate: digest(0xE4),
        state: SecurityLifecycle::SECURED,
    }
}
