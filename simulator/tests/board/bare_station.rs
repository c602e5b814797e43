//! The least that a station must do: ask in order, and sign what a board wants signed.

use coset::{CoseSign1, TaggedCborSerializable};
use firmware_proto::authority::{Commit, Grant, Payload, Purpose, StationCredential};
use firmware_proto::cose::{self, ContentType};
use firmware_proto::limits::{MAX_CHUNKS, MAX_ENCODED_FRAME_BYTES, chunk_bytes};
use firmware_proto::object_transfer::{BlobId, ChunkSet, InstallPackage, chunk_count};
use firmware_proto::request::Hello;
use firmware_proto::response::Identity;
use firmware_proto::self_test::decode_report;
use firmware_proto::version::{CURRENT, MIN};
use firmware_proto::{
    Digest, Direction, Exchange, FrameReader, Header, Measurement, Nonce, ProvisioningState,
    Refusal, Request, Response, SecurityLifecycle, SessionId, encode_message,
};
use simulator::board::VirtualBoard;
use simulator::device_keys::{DeviceKey, sha256};

const FRAME_BYTES: u16 = 1024;

/// Why a board was not provisioned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// No answer.
    Silence,
    /// Another answer than the one that was due.
    Unexpected(String),
    /// The board won't.
    Refused(Refusal),
}

/// What a session brought to light.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    pub(crate) identity: Option<Identity>,
    pub(crate) token: Vec<u8>,
    pub(crate) certificate: Vec<u8>,
    pub(crate) measurements: Vec<Measurement>,
    pub(crate) noise: Vec<u8>,
    pub(crate) csr: Vec<u8>,
    pub(crate) key_token: Vec<u8>,
    pub(crate) installed: Option<Digest>,
    pub(crate) proof: Vec<u8>,
    pub(crate) receipt: Vec<u8>,
    pub(crate) receipt_token: Vec<u8>,
}

pub(crate) struct BareStation {
    authority: DeviceKey,
    exchange: Exchange,
    sessions: u8,
    pub(crate) working: u32,
}

pub(crate) fn owner_key() -> [u8; 65] {
    DeviceKey::default_owner().point()
}

/// What stands in the place of a device certificate: a board reads nothing of it but its length.
pub(crate) fn chain() -> Vec<u8> {
    let mut chain = vec![0x30, 0x82, 0x02, 0x00];
    chain.extend(std::iter::repeat_n(0x5A, 0x200 + 300));
    chain
}

/// The claims of a token, as a foreign library reads them.
pub(crate) fn claim(token: &[u8], key: i64) -> Option<ciborium::Value> {
    let signed = CoseSign1::from_tagged_slice(token).ok()?;
    let claims: ciborium::Value = ciborium::from_reader(signed.payload?.as_slice()).ok()?;
    let found = claims
        .into_map()
        .ok()?
        .into_iter()
        .find(|(name, _)| *name == ciborium::Value::from(key));
    found.map(|(_, value)| value)
}

impl BareStation {
    pub(crate) fn new() -> Self {
        Self {
            authority: DeviceKey::well_known("a station authority"),
            exchange: Exchange(0),
            sessions: 0,
            working: 0,
        }
    }

    /// From Hello to the receipt, wherever the board is.
    pub(crate) fn provision(&mut self, board: &mut VirtualBoard) -> Result<Session, Failure> {
        let mut session = Session::default();
        let identity = self.hello(board)?;
        session.identity = Some(identity.clone());
        self.evidence(board, &mut session)?;
        if identity.state == ProvisioningState::Committed {
            let receipt_nonce = Nonce::from_bytes([4; 32]);
            let answer = self.ask(board, &Request::GetReceipt { receipt_nonce })?;
            (session.receipt, session.receipt_token) = self.blob(board, &answer)?;
            return Ok(session);
        }
        let key_nonce = Nonce::from_bytes([2; 32]);
        let answer = self.ask(board, &Request::MakeKey { key_nonce })?;
        (session.csr, session.key_token) = self.blob(board, &answer)?;
        self.install(board, &identity, &mut session)?;
        self.commit(board, &identity, &mut session)?;
        Ok(session)
    }

    fn hello(&mut self, board: &mut VirtualBoard) -> Result<Identity, Failure> {
        self.sessions += 1;
        let request = Request::Hello(Hello {
            min_version: MIN,
            max_version: CURRENT,
            max_frame_bytes: FRAME_BYTES,
            window_chunks: 32,
            session: SessionId::from_bytes([self.sessions; 16]),
        });
        let answer = self.ask(board, &request)?;
        match response(&answer)? {
            Response::Identity(identity) => Ok(identity),
            other => Err(unexpected(&other)),
        }
    }

    fn evidence(&mut self, board: &mut VirtualBoard, session: &mut Session) -> Result<(), Failure> {
        let station_nonce = Nonce::from_bytes([1; 32]);
        let answer = self.ask(board, &Request::Attest { station_nonce })?;
        (session.token, session.certificate) = self.blob(board, &answer)?;
        let answer = self.ask(board, &Request::SelfTest)?;
        let (report, noise) = self.blob(board, &answer)?;
        session.measurements = decode_report(&report).map(Result::unwrap).collect();
        session.noise = noise;
        Ok(())
    }

    fn install(
        &mut self,
        board: &mut VirtualBoard,
        identity: &Identity,
        session: &mut Session,
    ) -> Result<(), Failure> {
        let key = board.experience().identity_key.ok_or(Failure::Silence)?;
        let package = self.package(identity, key);
        self.upload(board, &package)?;
        let package = sha256(&[&package]);
        let answer = self.ask(board, &Request::Install { package })?;
        match response(&answer)? {
            Response::Installed { chain } => session.installed = Some(chain),
            other => return Err(unexpected(&other)),
        }
        Ok(())
    }

    fn commit(
        &mut self,
        board: &mut VirtualBoard,
        identity: &Identity,
        session: &mut Session,
    ) -> Result<(), Failure> {
        let station_nonce = Nonce::from_bytes([3; 32]);
        let answer = self.ask(board, &Request::Prove { station_nonce })?;
        match response(&answer)? {
            Response::Proof { proof } => session.proof = proof.to_vec(),
            other => return Err(unexpected(&other)),
        }
        let commit = Commit {
            uid: identity.uid.clone(),
            device_nonce: identity.device_nonce,
            proof: sha256(&[&session.proof]),
        };
        let commit = signed(ContentType::Commit, &commit, &self.authority);
        let request = Request::Commit {
            commit: &commit,
            receipt_nonce: Nonce::from_bytes([4; 32]),
        };
        let answer = self.ask(board, &request)?;
        (session.receipt, session.receipt_token) = self.blob(board, &answer)?;
        Ok(())
    }

    fn package(&self, identity: &Identity, key: Digest) -> Vec<u8> {
        let credential = StationCredential {
            station: "bare".try_into().unwrap(),
            product: identity.product.clone(),
            epoch: 1,
            authority_key: self.authority.point(),
        };
        let grant = Grant {
            purpose: Purpose::InitialIdentity,
            product: identity.product.clone(),
            uid: identity.uid.clone(),
            device_nonce: identity.device_nonce,
            identity_key: key,
            chain: sha256(&[&chain()]),
            trust_anchor: Digest::from_bytes([6; 32]),
            next_state: SecurityLifecycle::SECURED,
            epoch: 1,
        };
        let owner = DeviceKey::default_owner();
        let credential = signed(ContentType::StationCredential, &credential, &owner);
        let grant = signed(ContentType::Grant, &grant, &self.authority);
        let header = InstallPackage {
            credential_bytes: u16::try_from(credential.len()).unwrap(),
            grant_bytes: u16::try_from(grant.len()).unwrap(),
            chain_bytes: u16::try_from(chain().len()).unwrap(),
        };
        [header.to_bytes().to_vec(), credential, grant, chain()].concat()
    }

    fn upload(&mut self, board: &mut VirtualBoard, package: &[u8]) -> Result<(), Failure> {
        let size = chunk_bytes(usize::from(FRAME_BYTES));
        let count = package.chunks(size).count();
        self.exchange = self.exchange.next();
        for (index, data) in package.chunks(size).enumerate() {
            let request = Request::WriteChunk {
                blob: BlobId::InstallPackage,
                total_bytes: u16::try_from(package.len()).unwrap(),
                index: u8::try_from(index).unwrap(),
                acknowledge: index + 1 == count,
                data,
            };
            board.receive(&self.frame(u8::try_from(index).unwrap(), &request));
        }
        let answer = read(&board.transmit());
        match response(&answer)? {
            Response::ChunksReceived { received, .. } if received == ChunkSet::first(count) => {
                Ok(())
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Asks, and asks the same again while the board is working.
    fn ask(
        &mut self,
        board: &mut VirtualBoard,
        request: &Request<'_>,
    ) -> Result<Vec<Vec<u8>>, Failure> {
        self.exchange = self.exchange.next();
        let frame = self.frame(0, request);
        for _ in 0..40 {
            board.receive(&frame);
            let answer = read(&board.transmit());
            if !matches!(response(&answer)?, Response::Working { .. }) {
                return Ok(answer);
            }
            self.working += 1;
        }
        panic!("the board works for ever at {request:?}");
    }

    fn frame(&self, sequence: u8, request: &Request<'_>) -> Vec<u8> {
        let header = Header {
            direction: Direction::ToDevice,
            exchange: self.exchange,
            sequence,
        };
        let mut out = [0; MAX_ENCODED_FRAME_BYTES];
        let length = encode_message(header, request, &mut out).unwrap();
        out[..length].to_vec()
    }

    /// Both parts of a blob.
    fn blob(
        &mut self,
        board: &mut VirtualBoard,
        answer: &[Vec<u8>],
    ) -> Result<(Vec<u8>, Vec<u8>), Failure> {
        let announced = match response(answer)? {
            Response::Evidence(it)
            | Response::SelfTestReport(it)
            | Response::KeyEvidence(it)
            | Response::Receipt(it) => it,
            other => return Err(unexpected(&other)),
        };
        let size = chunk_bytes(usize::from(FRAME_BYTES));
        let count = chunk_count(usize::from(announced.total_bytes), size);
        if count > MAX_CHUNKS {
            return Err(Failure::Unexpected(format!("{count} chunks are announced")));
        }
        let mut chunks = std::collections::BTreeMap::new();
        take_chunks(answer, &mut chunks);
        while chunks.len() < count {
            let mut missing = ChunkSet::EMPTY;
            (0..u8::try_from(count).unwrap())
                .filter(|index| !chunks.contains_key(index))
                .for_each(|index| missing.insert(index));
            let blob = announced.blob;
            let more = self.ask(board, &Request::ReadChunks { blob, missing })?;
            take_chunks(&more, &mut chunks);
        }
        let mut first: Vec<u8> = chunks.into_values().flatten().collect();
        assert_eq!(sha256(&[&first]), announced.digest);
        let second = first.split_off(usize::from(announced.first_bytes));
        Ok((first, second))
    }
}

fn take_chunks(answer: &[Vec<u8>], chunks: &mut std::collections::BTreeMap<u8, Vec<u8>>) {
    for body in answer {
        if let Ok(Response::Chunk { index, data, .. }) = Response::decode(body) {
            chunks.insert(index, data.to_vec());
        }
    }
}

fn signed(kind: ContentType, payload: &impl Payload, key: &DeviceKey) -> Vec<u8> {
    let payload = payload.encode().unwrap();
    let prefix = cose::to_be_signed_prefix(kind, payload.len()).unwrap();
    let signature = key.sign(&[&prefix, &payload]);
    let mut out = [0; 512];
    let length = cose::encode(kind, &payload, &signature, &mut out).unwrap();
    out[..length].to_vec()
}

/// The bodies of all whole frames.
fn read(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = FrameReader::new(Direction::ToStation);
    let mut rest = bytes;
    let mut bodies = Vec::new();
    while let Some(frame) = reader.push(&mut rest) {
        bodies.push(frame.body.to_vec());
    }
    bodies
}

fn response(answer: &[Vec<u8>]) -> Result<Response<'_>, Failure> {
    let body = answer.first().ok_or(Failure::Silence)?;
    match Response::decode(body) {
        Ok(Response::Refused(refusal)) => Err(Failure::Refused(refusal)),
        Ok(response) => Ok(response),
        Err(_) => Err(Failure::Unexpected("no message".to_owned())),
    }
}

fn unexpected(response: &Response<'_>) -> Failure {
    Failure::Unexpected(format!("{response:?}"))
}
