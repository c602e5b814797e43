//! The other end of the line: asks, reads answers, and makes packages and commits.

use std::collections::BTreeMap;

use firmware_proto::authority::{Commit, Payload};
use firmware_proto::cose::{self, ContentType};
use firmware_proto::limits::{MAX_ENCODED_FRAME_BYTES, chunk_bytes};
use firmware_proto::object_transfer::{Announcement, BlobId};
use firmware_proto::request::Hello;
use firmware_proto::response::Identity;
use firmware_proto::self_test::decode_report;
use firmware_proto::version::{CURRENT, MIN};
use firmware_proto::{
    Device, DeviceNonce, Digest, Direction, Exchange, FrameReader, Header, Nonce,
    ProvisioningState, Refusal, Request, Response, SecurityLifecycle, SessionId, Uid,
    encode_message,
};

use crate::board::{self, AUTHORITY, Board, NonVolatile, UID, sha256};
use crate::package::{Draft, signed};

pub(crate) const FRAME_BYTES: u16 = 1024;

/// The device did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Silence;

/// Everything that came for one exchange.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) sequences: Vec<u8>,
}

impl Answer {
    pub(crate) fn response(&self) -> Response<'_> {
        Response::decode(&self.messages[0]).expect("a response")
    }

    pub(crate) fn chunks(&self) -> BTreeMap<u8, Vec<u8>> {
        let mut chunks = BTreeMap::new();
        for message in &self.messages {
            if let Ok(Response::Chunk { index, data, .. }) = Response::decode(message) {
                chunks.insert(index, data.to_vec());
            }
        }
        chunks
    }

    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match self.response() {
            Response::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

pub(crate) struct Station {
    pub(crate) device: Device<Board>,
    pub(crate) exchange: Exchange,
    reader: FrameReader,
    pub(crate) identity: Option<Identity>,
    pub(crate) key: Option<Digest>,
    pub(crate) link: Option<(Vec<u8>, Vec<u8>)>,
    pub(crate) commits: Vec<Digest>,
    pub(crate) workings: u32,
    pub(crate) window: u8,
    sessions: u8,
}

impl Station {
    pub(crate) fn with(board: Board) -> Self {
        Self {
            device: Device::boot(board).expect("the board boots"),
            exchange: Exchange(0xFFF0),
            reader: FrameReader::new(Direction::ToStation),
            identity: None,
            key: None,
            link: None,
            commits: Vec::new(),
            workings: 0,
            window: 32,
            sessions: 0,
        }
    }

    pub(crate) fn fresh() -> Self {
        Self::with(Board::fresh())
    }

    /// Cuts the board's power and gives it back.
    pub(crate) fn power_cycle(self) -> Self {
        let nv: NonVolatile = self.device.into_platform().nv;
        let mut again = Self::with(Board::again(nv));
        again.commits = self.commits;
        again
    }

    pub(crate) fn frame(exchange: Exchange, sequence: u8, request: &Request<'_>) -> Vec<u8> {
        let header = Header {
            direction: Direction::ToDevice,
            exchange,
            sequence,
        };
        let mut out = [0; MAX_ENCODED_FRAME_BYTES];
        let length = encode_message(header, request, &mut out).expect("the request fits");
        out[..length].to_vec()
    }

    /// All frames that the device has ready.
    pub(crate) fn listen(&mut self) -> Vec<(Header, Vec<u8>)> {
        let mut frames = Vec::new();
        let mut out = [0; 37];
        loop {
            let length = self.device.transmit(&mut out);
            let mut rest = &out[..length];
            while let Some(frame) = self.reader.push(&mut rest) {
                frames.push((frame.header, frame.body.to_vec()));
            }
            if length == 0 {
                return frames;
            }
        }
    }

    pub(crate) fn exchange_frame(&mut self, frame: &[u8]) -> Result<Answer, Silence> {
        self.device.receive(frame);
        let mut answer = Answer::default();
        for (header, body) in self.listen() {
            answer.messages.push(body);
            answer.sequences.push(header.sequence);
        }
        if answer.messages.is_empty() || self.device.platform().is_off {
            return Err(Silence);
        }
        Ok(answer)
    }

    /// Asks in a new exchange, and again while the device is working.
    pub(crate) fn ask(&mut self, request: &Request<'_>) -> Result<Answer, Silence> {
        self.exchange = self.exchange.next();
        let frame = Self::frame(self.exchange, 0, request);
        for _ in 0..40 {
            let answer = self.exchange_frame(&frame)?;
            match answer.response() {
                Response::Working { retry_ms } => {
                    assert_eq!(retry_ms, 10_000, "the wish is bounded");
                    self.workings += 1;
                }
                _ => return Ok(answer),
            }
        }
        panic!("the device works for ever at {request:?}");
    }

    pub(crate) fn hello_request(session: u8) -> Request<'static> {
        Request::Hello(Hello {
            min_version: MIN,
            max_version: CURRENT,
            max_frame_bytes: FRAME_BYTES,
            window_chunks: 32,
            session: SessionId::from_bytes([session; 16]),
        })
    }

    pub(crate) fn hello(&mut self) -> Result<Identity, Silence> {
        self.sessions += 1;
        let mut request = Self::hello_request(self.sessions);
        if let Request::Hello(hello) = &mut request {
            hello.window_chunks = self.window;
        }
        let answer = self.ask(&request)?;
        let Response::Identity(identity) = answer.response() else {
            panic!("no identity: {:?}", answer.response());
        };
        let hello_body = postcard_body(&request);
        self.link = Some((hello_body, answer.messages[0].clone()));
        self.identity = Some(identity.clone());
        Ok(identity)
    }

    /// Reads a blob that an answer announces, asking again for what does not follow by itself.
    pub(crate) fn blob(&mut self, answer: &Answer) -> Result<(Announcement, Vec<u8>), Silence> {
        let announcement = match answer.response() {
            Response::Evidence(a)
            | Response::SelfTestReport(a)
            | Response::KeyEvidence(a)
            | Response::Receipt(a) => a,
            other => panic!("nothing announced: {other:?}"),
        };
        let chunk = chunk_bytes(usize::from(FRAME_BYTES));
        let count = usize::from(announcement.total_bytes).div_ceil(chunk);
        let mut chunks = answer.chunks();
        while chunks.len() < count {
            let mut missing = firmware_proto::object_transfer::ChunkSet::first(count);
            for index in chunks.keys() {
                let one = firmware_proto::object_transfer::ChunkSet::only(*index);
                missing = missing.without(one);
            }
            let blob = announcement.blob;
            let more = self.ask(&Request::ReadChunks { blob, missing })?;
            chunks.extend(more.chunks());
        }
        let blob: Vec<u8> = chunks.into_values().flatten().collect();
        assert_eq!(blob.len(), usize::from(announcement.total_bytes));
        assert_eq!(sha256(&[&blob]), announcement.digest);
        Ok((announcement, blob))
    }

    /// Attestation, self-test and key, with every challenge checked.
    pub(crate) fn evidence(&mut self) -> Result<(), Silence> {
        let station_nonce = Nonce::from_bytes([0xA1; 32]);
        let answer = self.ask(&Request::Attest { station_nonce })?;
        let (announced, evidence) = self.blob(&answer)?;
        let token = &evidence[..usize::from(announced.first_bytes)];
        let (hello, identity) = self.link.clone().expect("a link");
        let link = sha256(&[
            sha256(&[&hello]).as_bytes(),
            sha256(&[&identity]).as_bytes(),
        ]);
        let challenge = sha256(&[b"fw-att1", station_nonce.as_bytes(), link.as_bytes()]);
        assert_eq!(&token[5..37], challenge.as_bytes());

        let answer = self.ask(&Request::SelfTest)?;
        let measurements = answer.messages[0].clone();
        self.self_test(&answer)?;
        let key_nonce = Nonce::from_bytes([0xA2; 32]);
        let answer = self.ask(&Request::MakeKey { key_nonce })?;
        let (announced, evidence) = self.blob(&answer)?;
        let (csr, second) = evidence.split_at(usize::from(announced.first_bytes));
        let covered = sha256(&[
            sha256(&[token]).as_bytes(),
            sha256(&[&measurements]).as_bytes(),
            sha256(&[csr]).as_bytes(),
        ]);
        let challenge = sha256(&[b"fw-key1", key_nonce.as_bytes(), covered.as_bytes()]);
        assert_eq!(&second[5..37], challenge.as_bytes());
        self.key = Some(Digest::from_bytes(csr[3..].try_into().unwrap()));
        Ok(())
    }

    fn self_test(&mut self, answer: &Answer) -> Result<(), Silence> {
        let (announced, report) = self.blob(answer)?;
        let (report, noise) = report.split_at(usize::from(announced.first_bytes));
        let read: Result<Vec<_>, _> = decode_report(report).collect();
        assert_eq!(read.unwrap(), board::measurements());
        assert_eq!(noise, board::NOISE);
        Ok(())
    }

    pub(crate) fn nonce(&self) -> DeviceNonce {
        self.identity.as_ref().expect("an identity").device_nonce
    }

    /// Uploads in one window and gives the answer to its last chunk.
    pub(crate) fn upload(&mut self, package: &[u8]) -> Result<Answer, Silence> {
        self.exchange = self.exchange.next();
        let size = chunk_bytes(usize::from(FRAME_BYTES));
        let count = package.chunks(size).count();
        let mut answer = Err(Silence);
        for (index, data) in package.chunks(size).enumerate() {
            let index = u8::try_from(index).unwrap();
            let request = Request::WriteChunk {
                blob: BlobId::InstallPackage,
                total_bytes: u16::try_from(package.len()).unwrap(),
                index,
                acknowledge: usize::from(index) + 1 == count,
                data,
            };
            let frame = Self::frame(self.exchange, index, &request);
            answer = self.exchange_frame(&frame);
            while self.device.platform().is_slow && !self.device.platform().is_off {
                let was_last = usize::from(index) + 1 == count;
                let again = self.exchange_frame(&frame);
                if !was_last || !is_working(&again) {
                    answer = again;
                    break;
                }
            }
        }
        answer
    }

    pub(crate) fn install(&mut self, draft: &Draft) -> Result<Answer, Silence> {
        let package = draft.sealed();
        self.upload(&package)?;
        self.ask(&Request::Install {
            package: sha256(&[&package]),
        })
    }

    pub(crate) fn prove(&mut self) -> Result<Vec<u8>, Silence> {
        let station_nonce = Nonce::from_bytes([0xA3; 32]);
        let answer = self.ask(&Request::Prove { station_nonce })?;
        match answer.response() {
            Response::Proof { proof } => Ok(proof.to_vec()),
            other => panic!("no proof: {other:?}"),
        }
    }

    pub(crate) fn commit_for(&self, proof: &[u8]) -> Vec<u8> {
        let commit = Commit {
            uid: Uid::from_bytes(&UID).unwrap(),
            device_nonce: self.nonce(),
            proof: sha256(&[proof]),
        };
        signed(ContentType::Commit, &commit, &AUTHORITY)
    }

    pub(crate) fn commit(&mut self, proof: &[u8]) -> Result<Vec<u8>, Silence> {
        let commit = self.commit_for(proof);
        self.commits.push(sha256(&[&commit]));
        let receipt_nonce = Nonce::from_bytes([0xA4; 32]);
        let answer = self.ask(&Request::Commit {
            commit: &commit,
            receipt_nonce,
        })?;
        self.receipt(&answer, receipt_nonce)
    }

    pub(crate) fn ask_receipt(&mut self) -> Result<Vec<u8>, Silence> {
        let receipt_nonce = Nonce::from_bytes([0xA5; 32]);
        let answer = self.ask(&Request::GetReceipt { receipt_nonce })?;
        self.receipt(&answer, receipt_nonce)
    }

    /// Checks receipt and token 3, and gives the receipt.
    fn receipt(&mut self, answer: &Answer, nonce: Nonce) -> Result<Vec<u8>, Silence> {
        let (announced, blob) = self.blob(answer)?;
        let (receipt, token) = blob.split_at(usize::from(announced.first_bytes));
        let object = cose::decode(ContentType::Receipt, receipt).expect("a receipt");
        let payload = firmware_proto::authority::Receipt::decode(object.payload).unwrap();
        assert!(self.commits.contains(&payload.commit));
        assert_eq!(payload.state, SecurityLifecycle::SECURED);
        let challenge = sha256(&[b"fw-rcp1", nonce.as_bytes(), sha256(&[receipt]).as_bytes()]);
        assert_eq!(&token[5..37], challenge.as_bytes());
        assert_eq!(&token[37..], 0x3000_u16.to_le_bytes(), "attested as locked");
        Ok(receipt.to_vec())
    }

    /// From `Hello` to the receipt, from wherever the board is.
    pub(crate) fn provision(&mut self) -> Result<Vec<u8>, Silence> {
        let identity = self.hello()?;
        if identity.state == ProvisioningState::Committed {
            return self.ask_receipt();
        }
        self.evidence()?;
        let draft = self.draft();
        let answer = self.install(&draft)?;
        let chain = sha256(&[&draft.chain]);
        assert_eq!(answer.response(), Response::Installed { chain });
        let proof = self.prove()?;
        self.commit(&proof)
    }
}

fn is_working(answer: &Result<Answer, Silence>) -> bool {
    answer
        .as_ref()
        .is_ok_and(|answer| matches!(answer.response(), Response::Working { .. }))
}

/// The body of a request, as it travels.
pub(crate) fn postcard_body(request: &Request<'_>) -> Vec<u8> {
    let mut reader = FrameReader::new(Direction::ToDevice);
    let frame = Station::frame(Exchange(1), 0, request);
    let mut rest = frame.as_slice();
    reader.push(&mut rest).expect("a frame").body.to_vec()
}
