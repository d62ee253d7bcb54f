//! A proxy passes on what it gets, holds it, delays it, or closes.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::nodes::{Condition, HANG, Proxy, until};

/// A port where everything is sent back.
fn echo() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let _ = std::io::copy(&mut &stream, &mut &stream);
            });
        }
    });
    port
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream
}

/// Sends a number, and waits until it is back.
fn asked(stream: &mut TcpStream, number: u8) -> std::io::Result<u8> {
    stream.write_all(&[number])?;
    let mut back = [0];
    stream.read_exact(&mut back)?;
    Ok(back[0])
}

#[test]
fn what_is_open_passes_everything_on() {
    let proxy = Proxy::to(echo());
    let mut stream = connect(&proxy);
    let sent: Vec<u8> = (0..1_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let mut writing = stream.try_clone().unwrap();
    let expected = sent.clone();
    let writer = thread::spawn(move || writing.write_all(&sent).unwrap());
    let mut back = vec![0; expected.len()];
    stream.read_exact(&mut back).unwrap();
    writer.join().unwrap();
    assert!(back == expected);
}

#[test]
fn what_is_held_arrives_later_and_whole() {
    let proxy = Proxy::to(echo());
    let mut stream = connect(&proxy);
    assert_eq!(asked(&mut stream, 1).unwrap(), 1);
    proxy.set(Condition::Held);
    stream.write_all(&[2, 3]).unwrap();
    let mut also_held = connect(&proxy);
    also_held.write_all(&[4]).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(stream.read(&mut [0]).is_err(), "nothing comes");
    stream.set_read_timeout(Some(HANG)).unwrap();
    proxy.set(Condition::Open);
    let mut back = [0, 0];
    stream.read_exact(&mut back).unwrap();
    assert_eq!(back, [2, 3]);
    also_held.read_exact(&mut back[..1]).unwrap();
    assert_eq!(back[0], 4);
}

#[test]
fn what_is_cut_closes_and_can_be_opened_anew() {
    let proxy = Proxy::to(echo());
    let mut stream = connect(&proxy);
    assert_eq!(asked(&mut stream, 1).unwrap(), 1);
    proxy.set(Condition::Cut);
    assert!(asked(&mut stream, 2).is_err());
    assert!(asked(&mut connect(&proxy), 3).is_err());
    proxy.set(Condition::Open);
    assert!(asked(&mut stream, 4).is_err(), "what was cut stays so");
    assert_eq!(asked(&mut connect(&proxy), 5).unwrap(), 5);
}

#[test]
fn what_is_delayed_takes_that_long_each_way() {
    let proxy = Proxy::to(echo());
    let mut stream = connect(&proxy);
    for delay in [Duration::from_millis(10), Duration::from_millis(50)] {
        proxy.delay(delay);
        let start = Instant::now();
        assert_eq!(asked(&mut stream, 1).unwrap(), 1);
        assert!(start.elapsed() >= delay * 2);
        // What is sent meanwhile is as late, and no later.
        let (start, mut back) = (Instant::now(), [0; 100]);
        for number in 0..100 {
            stream.write_all(&[number]).unwrap();
        }
        stream.read_exact(&mut back).unwrap();
        assert!((delay * 2..delay * 50).contains(&start.elapsed()), "{:?}", start.elapsed());
        assert!(back.iter().copied().eq(0..100));
    }
}

#[test]
fn what_leads_nowhere_closes() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let proxy = Proxy::to(port);
    until("a refusal", || asked(&mut connect(&proxy), 1).is_err().then_some(()));
}
