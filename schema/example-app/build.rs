//! Makes the client of the app's family.

fn main() {
    genl_schema::build::client("schema/nlctrl.yaml");
}
