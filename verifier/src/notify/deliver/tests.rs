use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::*;

/// A receiver that gives these answers in turn, the last one for ever; it keeps what it was sent.
struct Receiver {
    address: Secret,
    sent: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    async fn new(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sent = Arc::new(Mutex::new(Vec::new()));
        let answers: Vec<_> = answers.iter().map(ToString::to_string).collect();
        let kept = Arc::clone(&sent);
        tokio::spawn(async move {
            let mut number = 0;
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let answer = answers.get(number).or(answers.last()).unwrap().clone();
                number += 1;
                serve(stream, &answer, &kept).await;
            }
        });
        Self {
            address: Secret::new(format!("http://127.0.0.1:{port}/services/s3cr3t")),
            sent,
        }
    }

    async fn ends(&self, expected: Result<(), &str>) {
        let courier = Courier::hasty();
        let (blocks, plain) = (json!({ "blocks": [] }), json!({ "text": "plain" }));
        let posted = courier.post(&self.address, &blocks, Some(&plain));
        let posted = posted.await.map_err(|why| why.to_string());
        match (&posted, expected) {
            (Err(why), Err(words)) => assert!(why.contains(words), "{why}"),
            _ => assert_eq!(posted, expected.map_err(Into::into)),
        }
        let told = format!("{posted:?}");
        assert!(!told.contains("s3cr3t"), "the address is told: {told}");
    }

    fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }
}

/// Reads one request and answers; `close` closes the connection, `hang` never answers.
async fn serve(mut stream: TcpStream, answer: &str, kept: &Mutex<Vec<String>>) {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        text += &String::from_utf8_lossy(&buffer[..read]);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.to_lowercase();
        let length = length.split_once("content-length: ").expect("a length").1;
        let length: usize = length.lines().next().unwrap().parse().unwrap();
        if body.len() >= length {
            kept.lock().unwrap().push(body.to_owned());
            break;
        }
    }
    match answer {
        "close" => {}
        "hang" => std::future::pending().await,
        answer => {
            let (status, body) = answer.split_once('|').unwrap_or((answer, ""));
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
            );
            stream.write_all((head + body).as_bytes()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn an_answer_decides_whether_a_message_is_sent_again() {
    for (answers, expected, tries) in [
        (&["200 OK|ok"][..], Ok(()), 1),
        (&["500 Oh|x", "502 Oh", "200 OK"], Ok(()), 3),
        (&["429 Slow\r\nretry-after: 0", "200 OK"], Ok(()), 2),
        (&["close", "200 OK"], Ok(()), 2),
        (
            &["503 Busy|later"],
            Err("in 4 tries: it answers 503: later"),
            4,
        ),
        (
            &["404 Gone|no_service"],
            Err("is gone (404: no_service)"),
            1,
        ),
        (
            &["403 No|invalid_token"],
            Err("is gone (403: invalid_token)"),
            1,
        ),
        (
            &["410 Gone|channel_is_archived"],
            Err("hint: The webhook was revoked"),
            1,
        ),
        (&["418 Tea|no"], Err("refused the message (418: no)"), 1),
        (
            &["302 There\r\nlocation: http://127.0.0.1:1/"],
            Err("refused"),
            1,
        ),
    ] {
        let receiver = Receiver::new(answers).await;
        receiver.ends(expected).await;
        assert_eq!(receiver.sent().len(), tries, "{answers:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_given_up() {
    let receiver = Receiver::new(&["hang"]).await;
    let courier = Courier::with(Duration::from_millis(20), Duration::ZERO).unwrap();
    let posted = courier.post(&receiver.address, &json!({}), None).await;
    let why = posted.unwrap_err().to_string();
    assert!(why.contains("in 4 tries: no answer within"), "{why}");
}

#[tokio::test]
async fn a_malformed_message_is_sent_once_more_as_plain_text() {
    let receiver = Receiver::new(&["400 Bad|invalid_blocks", "200 OK"]).await;
    receiver.ends(Ok(())).await;
    assert_eq!(receiver.sent(), [r#"{"blocks":[]}"#, r#"{"text":"plain"}"#]);
    let receiver = Receiver::new(&["400 Bad|invalid_blocks"]).await;
    receiver
        .ends(Err("refused the message (400: invalid_blocks)"))
        .await;
    assert_eq!(receiver.sent().len(), 2);
}

#[tokio::test]
async fn an_answer_that_quotes_the_address_is_told_without_it() {
    let echo = "404 Gone|no handler for /services/s3cr3t, nor for s3cr3t";
    let receiver = Receiver::new(&[echo]).await;
    receiver
        .ends(Err("(404: no handler for …, nor for …)"))
        .await;
}

#[tokio::test]
async fn an_address_is_tried_out_without_a_message() {
    let check = async |answer: &str, lives: bool| {
        let receiver = Receiver::new(&[answer]).await;
        let tried = Courier::hasty().try_out(&receiver.address).await;
        assert_eq!(tried.is_ok(), lives, "{answer}: {tried:?}");
        assert_eq!(receiver.sent(), ["{}"]);
    };
    check("400 Bad|no_text", true).await;
    check("200 OK", true).await;
    check("404 Gone|no_service", false).await;
    check("500 Oh", false).await;
}

#[tokio::test]
async fn what_is_no_address_is_said_and_not_shown() {
    for text in [
        "s3cr3t",
        "ftp://h/s3cr3t",
        "https://",
        "hooks.slack.com/s3cr3t",
    ] {
        let address = Secret::new(text);
        let posted = Courier::hasty().post(&address, &json!({}), None).await;
        assert_eq!(posted, Err(Undelivered::NoAddress), "{text}");
    }
    let nobody = Secret::new("http://127.0.0.1:1/s3cr3t");
    let posted = Courier::hasty().post(&nobody, &json!({}), None).await;
    let why = posted.unwrap_err().to_string();
    assert!(
        why.contains("Connection refused") && !why.contains("s3cr3t"),
        "{why}"
    );
}
