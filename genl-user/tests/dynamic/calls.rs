//! Calls by a spec, of the running kernel's controller.

use genl_user::dynamic::{Client, Error, Request};

use crate::{Value, json, object};

fn client() -> Client {
    let text = include_str!("../../../schema/families/nlctrl.yaml");
    Client::open(genl_schema::compile("nlctrl.yaml", text).unwrap()).unwrap()
}

fn getfamily(values: Value) -> Request {
    Request::new("getfamily", object(values))
}

#[test]
fn a_do_with_the_flags_of_a_dump_is_not_sent() {
    let mut client = client();
    let with = |flags: i32| Request {
        flags: flags as u16,
        ..getfamily(json!({"family-id": 16}))
    };
    let both = with(libc::NLM_F_REPLACE | libc::NLM_F_EXCL);
    let refused = client.call(&both).unwrap_err();
    assert!(matches!(&refused, Error::DumpFlags { operation } if operation == "getfamily"));
    assert!(client.multi(&[both]).is_err());
    for flag in [libc::NLM_F_REPLACE, libc::NLM_F_EXCL] {
        assert_eq!(client.call(&with(flag)).unwrap().len(), 1);
    }
}

#[test]
fn more_requests_than_the_queue_holds_answers_are_all_answered_in_order() {
    let requests: Vec<_> = (0..4000)
        .map(|at| match at % 3 {
            // Not by a name, for which the kernel would look for a module.
            0 => getfamily(json!({"family-id": 1})),
            _ => getfamily(json!({"family-id": 16})),
        })
        .collect();
    let answers = client().multi(&requests).unwrap();
    assert_eq!(answers.len(), requests.len());
    for (at, answer) in answers.into_iter().enumerate() {
        match answer {
            Ok(replies) => {
                assert_ne!(at % 3, 0);
                assert_eq!(replies.len(), 1);
                assert_eq!(replies[0]["family-name"], "nlctrl");
            }
            Err(error) => {
                assert_eq!(at % 3, 0, "{error}");
                assert_eq!(error.refused().map(|it| it.errno), Some(libc::ENOENT));
            }
        }
    }
}
