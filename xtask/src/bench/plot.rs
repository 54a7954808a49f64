//! Bars, as an SVG that is the same for the same figures.

use super::figures::{Figures, OURS, RAW};

const WIDTH: f64 = 640.0;
const BAR: f64 = 16.0;
const GAP: f64 = 6.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 90.0;
const TOP: f64 = 44.0;

/// What a case's clients take in `unit`, the quickest first, and how many times the raw client's each is.
///
/// Bars end where the slowest would leave too little room for the others: what is longer is broken off there.
pub(super) fn bars(figures: &Figures, case: &str, title: &str, unit: &str) -> Option<String> {
    let raw = figures.find(case, 1, RAW)?;
    let mut clients: Vec<_> = figures.of(case, 1).collect();
    clients.sort_by(|a, b| a.median().total_cmp(&b.median()));
    let ratio = |at: usize| clients[at].ratio(raw).median;
    // Four in five clients are drawn whole.
    let most = ratio((clients.len() - 1) * 4 / 5) * 1.15;
    let height = TOP + clients.len() as f64 * (BAR + GAP) + GAP;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"8\" y=\"18\" font-size=\"14\" font-weight=\"bold\">{title}</text>\n\
         <text x=\"8\" y=\"34\" fill=\"#666666\">{unit}, as multiples of the raw client's; shorter is better</text>\n"
    );
    for (at, client) in clients.iter().enumerate() {
        let y = TOP + at as f64 * (BAR + GAP);
        let ratio = ratio(at);
        let length = (ratio.min(most) / most) * (WIDTH - LEFT - RIGHT);
        let colour = match client.client.as_str() {
            name if name.starts_with(OURS) => "#1f77b4",
            name if name.starts_with(RAW) => "#999999",
            _ => "#d9a066",
        };
        let broken = if ratio > most { " …" } else { "" };
        let text = y + BAR - 4.0;
        svg.push_str(&format!(
            "<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{}</text>\n\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>\n\
             <text x=\"{:.1}\" y=\"{text}\">{ratio:.2}{broken}</text>\n",
            LEFT - 6.0,
            client.client,
            LEFT + length + 6.0,
        ));
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quickest_is_on_top_and_the_slowest_broken_off() {
        let mut figures = Figures::default();
        let lines = "family 1 raw 0 0 2 100\nfamily 1 other 0 0 2 150\nfamily 1 ours 0 0 2 104\n\
            family 1 last 0 0 2 160\nfamily 1 slow 0 0 2 9000\n";
        figures.read(lines).unwrap();
        let svg = bars(&figures, "family", "A call", "ns").unwrap();
        let at = |text: &str| {
            svg.find(text)
                .unwrap_or_else(|| panic!("no {text} in {svg}"))
        };
        assert!(at(">raw<") < at(">ours<") && at(">ours<") < at(">other<"));
        assert!(at(">A call<") < at(">ns, as multiples of the raw client's;"));
        assert!(at(">1.04<") > 0 && at(">90.00 …<") > 0);
        assert_eq!(bars(&figures, "get", "None", "ns"), None);
    }
}
