//! Lists the generic netlink families that the running kernel has.

include!(concat!(env!("OUT_DIR"), "/nlctrl.rs"));

fn main() -> Result<(), genl_user::Error> {
    let mut controller = nlctrl::Client::open()?;
    let mut families = controller.getfamily_dump(&nlctrl::GetfamilyDump {})?;
    while let Some(family) = families.next()? {
        let id = family.family_id().unwrap_or_default();
        println!("{id:>5} {}", family.family_name().unwrap_or_default());
    }
    Ok(())
}
