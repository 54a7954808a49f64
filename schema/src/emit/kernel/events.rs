//! Functions that send what the kernel says of its own accord.

use super::text::Text;
use crate::model::{Event, Family};

pub(super) fn render(text: &mut Text, family: &Family) {
    for event in &family.events {
        render_event(text, family, event);
    }
}

fn render_event(text: &mut Text, family: &Family, event: &Event) {
    let name = event.name.snake();
    let cmd = format!("cmd::{}", event.name.shouty());
    let content = family[event.message].name.pascal();
    let filled = format!("{content}<genl::Event<'e>>");
    let fill = format!("|event| Ok(fill({content}(event))?.0)");
    let bound = format!("    F: for<'e> FnOnce({filled}) -> Result<{filled}>,");
    if let Some(group) = event.group {
        let group = &family[group].name;
        text.gap();
        text.docs(&event.doc, &format!("The event `{}`.", event.name));
        text.line("///");
        text.line(format!(
            "/// Goes to the group `{group}` in `net`; `fill` is not called if nobody listens."
        ));
        let head = format!("pub fn {name}<F>");
        text.signature(&head, &["net: &genl::Net", "fill: F"], "");
        text.line("where");
        text.line(&bound);
        text.open_brace();
        let group = format!("group::{}", group.shouty());
        let arguments: [&str; 4] = [&group, "net", &cmd, &fill];
        text.chain("", "FAMILY", &[("multicast", &arguments)], ";");
        text.close("");
    }
    text.gap();
    text.docs(&event.doc, &format!("The event `{}`.", event.name));
    text.line("///");
    text.line("/// Goes to one port in `net`; fails as [`genl::Family::unicast`] does.");
    let head = format!("pub fn {}<F>", event.name.join("to").snake());
    let parameters = ["portid: u32", "net: &genl::Net", "fill: F"];
    text.signature(&head, &parameters, " -> Result");
    text.line("where");
    text.line(&bound);
    text.open_brace();
    let arguments: [&str; 4] = ["portid", "net", &cmd, &fill];
    text.chain("", "FAMILY", &[("unicast", &arguments)], "");
    text.close("");
}
