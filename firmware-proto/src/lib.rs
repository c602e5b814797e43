//! The provisioning wire protocol, and the device's whole side of it.
//!
//! The station speaks first, always. It sends one [`Request`] per exchange and the device answers it
//! with one [`Response`], followed, where the response announces a blob, by the blob's chunks.
//! Nothing here allocates, needs `std`, or knows any cryptography: a firmware team implements
//! [`Platform`] and has the device side; the simulator implements the same trait in software.
//!
//! | step | request | response |
//! |---|---|---|
//! | link | `Hello` | `Identity`, or `NoCommonVersion` |
//! | attestation | `Attest` | `Evidence` + chunks: token 1, attestation-key certificates |
//! | hardware | `SelfTest` | `SelfTestReport` + chunks: measurements, noise (`Measurements` in version 1) |
//! | key | `MakeKey` | `KeyEvidence` + chunks: CSR, token 2 |
//! | upload | `WriteChunk`…, `WriteStatus` | `ChunksReceived` |
//! | install | `Install` | `Installed` |
//! | proof | `Prove` | `Proof` |
//! | commit | `Commit`, `GetReceipt` | `Receipt` + chunks: receipt, token 3 |
//! | end | `Farewell` | `Done` |
//! | any | any | `Working` (ask the same again later), `Refused` |
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::arithmetic_side_effects, clippy::indexing_slicing)]

pub mod authority;
pub mod cose;
pub mod device;
pub mod frame;
pub mod frame_reader;
pub mod identifiers;
pub mod lifecycle_state;
pub mod limits;
pub mod object_transfer;
pub mod platform;
pub mod refusal;
pub mod request;
pub mod response;
pub mod scalar_measurement;
pub mod self_test;
pub mod transcript;
pub mod version;

pub use device::Device;
pub use frame::{Direction, Exchange, FrameError, Header, encode_frame, encode_message};
pub use frame_reader::{Frame, FrameReader, ReaderCounts};
pub use identifiers::{
    BootId, DeviceNonce, Digest, HardwareRevision, IdentifierError, Nonce, ProductCode, SessionId,
    Uid,
};
pub use lifecycle_state::{ProvisioningState, SecurityLifecycle};
pub use platform::{Pause, Pending, Platform, PlatformFault, Progress};
pub use refusal::Refusal;
pub use request::{Malformed, Request};
pub use response::Response;
pub use scalar_measurement::{Scalar, ScalarList, ScalarMeasurement};
pub use self_test::{AddressMap, Measurement, Unit, Value};
