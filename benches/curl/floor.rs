//! The lower bound for any client: reading the file, encrypting it, and writing it to loopback,
//! each alone.

use std::fmt;
use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::measure::thread_cpu;

const BLOCK: usize = 256 * 1024;
/// The largest payload of a TLS record.
const RECORD: usize = 16 * 1024;

/// CPU seconds.
pub(crate) struct Floor {
    read: f64,
    encrypt: Option<f64>,
    write: f64,
}

impl Floor {
    pub(crate) fn sum(&self) -> f64 {
        self.read + self.encrypt.unwrap_or_default() + self.write
    }
}

impl fmt::Display for Floor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "floor: reading {:.2} s", self.read)?;
        if let Some(encrypt) = self.encrypt {
            write!(f, ", AES-128-GCM {encrypt:.2} s")?;
        }
        write!(f, ", writing {:.2} s, together {:.2} s", self.write, self.sum())
    }
}

pub(crate) fn floor(file: &Path, size: u64, is_tls: bool) -> Floor {
    Floor {
        read: timed(|| read(file)),
        encrypt: is_tls.then(|| timed(|| encrypt(size))),
        write: write(size),
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let before = thread_cpu();
    work();
    thread_cpu() - before
}

fn read(file: &Path) {
    let mut file = File::open(file).unwrap();
    let mut block = vec![0; BLOCK];
    while file.read(&mut block).unwrap() > 0 {}
}

fn encrypt(size: u64) {
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &[7; 16]).unwrap());
    let mut record = vec![0; RECORD];
    for number in 0..size.div_ceil(RECORD as u64) {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&number.to_be_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut record).unwrap();
        let _ = black_box(tag);
    }
}

fn write(size: u64) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let reader = thread::spawn(move || {
        let (mut stream, mut block) = (listener.accept().unwrap().0, vec![0; BLOCK]);
        while stream.read(&mut block).unwrap() > 0 {}
    });
    let block = vec![7; BLOCK];
    let spent = timed(|| {
        for _ in 0..size.div_ceil(BLOCK as u64) {
            stream.write_all(&block).unwrap();
        }
    });
    drop(stream);
    reader.join().unwrap();
    spent
}
