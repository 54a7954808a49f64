//! Makes the clients of the family, and what it takes to serve it.

use genl_schema::build::Clients;

fn main() {
    Clients::new().spec("schema/thermo.yaml").server().run();
}
