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
