//! Which mirror the host's apt uses, read from its configuration.

use std::fs;
use std::path::Path;

/// The releases by which a Debian archive is recognised among other repositories.
const SUITES: &[&str] = &[
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
    "sid",
    "oldstable",
    "stable",
    "testing",
    "unstable",
];

/// The Debian mirror that the apt configuration in `dir` (`/etc/apt`) names first, if any.
pub(super) fn host_mirror(dir: &Path) -> Option<String> {
    let mut files = vec![dir.join("sources.list")];
    if let Ok(parts) = fs::read_dir(dir.join("sources.list.d")) {
        files.extend(parts.flatten().map(|part| part.path()));
    }
    files[1..].sort();
    files.iter().find_map(|file| {
        let text = fs::read_to_string(file).ok()?;
        match file.extension()?.to_str()? {
            "list" => one_line(&text),
            "sources" => deb822(&text),
            _ => None,
        }
    })
}

/// The mirror in lines like `deb [options] URI suite component…`.
fn one_line(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let mut rest = line
            .trim()
            .strip_prefix("deb")?
            .strip_prefix([' ', '\t'])?
            .trim_start();
        if let Some(options) = rest.strip_prefix('[') {
            rest = options.split_once(']')?.1;
        }
        let mut words = rest.split_whitespace();
        let (uri, suite) = (words.next()?, words.next()?);
        usable(uri, &[suite], &words.collect::<Vec<_>>())
    })
}

/// The mirror in stanzas of `Types:`, `URIs:`, `Suites:`, `Components:`.
fn deb822(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines
        .split(|line| line.trim().is_empty())
        .find_map(|stanza| {
            let field = |name: &str| words(stanza, name);
            if !field("Types").contains(&"deb")
                || field("Enabled")
                    .iter()
                    .any(|value| value.eq_ignore_ascii_case("no"))
            {
                return None;
            }
            let (suites, components) = (field("Suites"), field("Components"));
            field("URIs")
                .iter()
                .find_map(|uri| usable(uri, &suites, &components))
        })
}

/// The words of a field, those of its continuation lines included.
fn words<'a>(stanza: &[&'a str], name: &str) -> Vec<&'a str> {
    let mut words = Vec::new();
    let mut inside = false;
    for line in stanza {
        let value = if line.starts_with([' ', '\t']) {
            inside.then_some(*line)
        } else {
            let field = line
                .split_once(':')
                .filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
            inside = field.is_some();
            field.map(|(_, value)| value)
        };
        words.extend(value.into_iter().flat_map(str::split_whitespace));
    }
    words
}

/// The mirror at `uri`, if what is there looks like Debian's main archive and can be reached from anywhere.
fn usable(uri: &str, suites: &[&str], components: &[&str]) -> Option<String> {
    let reachable = uri.starts_with("http://") || uri.starts_with("https://");
    // Only a release's own suite: `bookworm-security` and the like are other archives.
    let debian = suites.iter().any(|suite| SUITES.contains(suite)) && components.contains(&"main");
    // Such a repository for some product may well name its suites after Debian's releases.
    let archive = uri
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .is_some_and(|last| last.starts_with("debian"));
    (reachable && debian && archive).then(|| uri.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_lists() {
        let list = "\
# deb http://commented.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb [signed-by=/k.gpg arch=amd64] https://product.example/apt stable main
deb http://mirror.example/debian-security bookworm-security main
deb [ arch=amd64 ] http://mirror.example/debian/ bookworm main contrib # the one
";
        assert_eq!(
            one_line(list).as_deref(),
            Some("http://mirror.example/debian")
        );
        assert_eq!(
            one_line(
                "deb cdrom:[Debian]/ bookworm main\ndebug http://x.example/debian bookworm main"
            ),
            None
        );
    }

    #[test]
    fn stanzas() {
        let sources = "\
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
Enabled: no

# a comment
Types: deb deb-src
URIs:
 mirror+file:/etc/apt/mirrors.list
 http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
";
        assert_eq!(
            deb822(sources).as_deref(),
            Some("http://mirror.example/debian")
        );
        assert_eq!(
            deb822("Types: deb\nURIs: http://x.example/ubuntu\nSuites: noble\nComponents: main\n"),
            None
        );
    }

    #[test]
    fn files_are_read_in_order_and_others_ignored() {
        let dir = tempfile::tempdir().unwrap();
        let parts = dir.path().join("sources.list.d");
        fs::create_dir(&parts).unwrap();
        assert_eq!(host_mirror(dir.path()), None);
        fs::write(
            parts.join("b.list"),
            "deb http://b.example/debian trixie main",
        )
        .unwrap();
        fs::write(
            parts.join("a.save"),
            "deb http://a.example/debian trixie main",
        )
        .unwrap();
        assert_eq!(
            host_mirror(dir.path()).as_deref(),
            Some("http://b.example/debian")
        );
        fs::write(
            parts.join("a.sources"),
            "Types: deb\nURIs: http://c.example/debian\nSuites: sid\nComponents: main",
        )
        .unwrap();
        assert_eq!(
            host_mirror(dir.path()).as_deref(),
            Some("http://c.example/debian")
        );
    }
}
