//! Chooses, among the packages that the archive has today, a kernel whose source is there as well.

use std::cmp::Ordering;

use anyhow::{Context, Result};

/// The least kernel whose Rust side knows net/genetlink.h.
pub(crate) const LEAST: (u32, u32) = (7, 3);

/// A package as `apt-cache madison` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
}

/// The packages that together give a kernel and its source, all of one version.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// The version of all packages.
    pub(super) version: String,
    /// What `uname -r` says in the kernel.
    pub(super) release: String,
    /// `linux-source-…`
    pub(super) source: String,
    /// The package of headers, and those of the image and all that goes with it.
    pub(super) binaries: Vec<String>,
}

/// Reads the table that `apt-cache madison` prints: `name | version | where`.
pub(super) fn parse(madison: &str) -> Vec<Package> {
    madison
        .lines()
        .filter_map(|line| {
            let mut columns = line.split('|').map(str::trim);
            Some(Package {
                name: columns.next()?.to_owned(),
                version: columns.next()?.to_owned(),
            })
        })
        .collect()
}

/// The newest kernel of the plain amd64 flavour with source, headers and image of one version.
pub(super) fn choose(packages: &[Package]) -> Result<Choice> {
    let mut choices: Vec<Choice> = packages
        .iter()
        .filter_map(|source| complete(source, packages))
        .collect();
    choices.sort_by(|a, b| compare(&a.version, &b.version));
    choices.pop().with_context(|| {
        let (major, minor) = LEAST;
        format!(
            "the mirror has no kernel {major}.{minor} or newer with source, headers and image of one version; \
             it may be in the middle of an update: try again later, or another mirror"
        )
    })
}

/// All that goes with a package of kernel source, if it is one we can use and nothing is missing.
fn complete(source: &Package, packages: &[Package]) -> Option<Choice> {
    let (major, minor) = source.name.strip_prefix("linux-source-")?.split_once('.')?;
    let series = (major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?);
    if series.0 != LEAST.0 || series < LEAST {
        return None;
    }
    let has = |name: &str| {
        packages
            .iter()
            .any(|package| package.name == name && package.version == source.version)
    };
    packages
        .iter()
        .filter(|package| package.version == source.version)
        .find_map(|headers| {
            let release = headers.name.strip_prefix("linux-headers-")?;
            let abi = release.strip_suffix("-amd64")?;
            if ["-cloud", "-rt"]
                .iter()
                .any(|flavour| abi.ends_with(flavour))
                || !abi.starts_with(|c: char| c.is_ascii_digit())
            {
                return None;
            }
            // Newer images come without modules and the lists of what is built in, and not signed in some.
            let image = [
                "linux-binary-@",
                "linux-binary-unsigned-@",
                "linux-image-@",
                "linux-image-@-unsigned",
            ]
            .map(|pattern| pattern.replace('@', release))
            .into_iter()
            .find(|name| has(name))?;
            let rest = ["modules", "base"].map(|part| format!("linux-{part}-{release}"));
            let rest = rest.into_iter().filter(|name| has(name));
            Some(Choice {
                version: source.version.clone(),
                release: release.to_owned(),
                source: source.name.clone(),
                binaries: [headers.name.clone(), image]
                    .into_iter()
                    .chain(rest)
                    .collect(),
            })
        })
}

/// Orders two versions as dpkg does (deb-version(7)), epochs aside: kernels have none.
fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !(a.is_empty() && b.is_empty()) {
        let (text_a, text_b) = (take(&mut a, false), take(&mut b, false));
        // `~` is before even the end, the end before letters, letters before the rest.
        let weight = |byte: Option<&u8>| match byte {
            Some(b'~') => -1,
            None => 0,
            Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
            Some(other) => i32::from(*other) + 256,
        };
        let longest = text_a.len().max(text_b.len());
        let text = (0..longest)
            .map(|i| weight(text_a.get(i)).cmp(&weight(text_b.get(i))))
            .find(|order| order.is_ne());
        let number = |digits: &[u8]| {
            digits.iter().fold(0_u64, |n, d| {
                n.saturating_mul(10).saturating_add(u64::from(d - b'0'))
            })
        };
        let order =
            text.unwrap_or_else(|| number(take(&mut a, true)).cmp(&number(take(&mut b, true))));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// Takes the digits, or what is not digits, off the front.
fn take<'a>(text: &mut &'a [u8], digits: bool) -> &'a [u8] {
    let end = text
        .iter()
        .position(|byte| byte.is_ascii_digit() != digits)
        .unwrap_or(text.len());
    let (taken, rest) = text.split_at(end);
    *text = rest;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(lines: &[(&str, &str)]) -> Vec<Package> {
        let text: String = lines
            .iter()
            .map(|(name, version)| format!(" {name} | {version} | somewhere\n"))
            .collect();
        parse(&text)
    }

    #[test]
    fn versions_are_ordered_as_dpkg_does() {
        for (lower, higher) in [
            ("7.3.4-1", "7.3.10-1"),
            ("7.3.4-1~bpo13+1", "7.3.4-1"),
            ("7.3~rc5-1", "7.3-1"),
            ("7.3.4-1", "7.3.4-1+b1"),
            ("7.3.4", "7.3.4a"),
        ] {
            assert_eq!(compare(lower, higher), Ordering::Less, "{lower} {higher}");
            assert_eq!(
                compare(higher, lower),
                Ordering::Greater,
                "{lower} {higher}"
            );
        }
        assert_eq!(compare("7.3.4-1", "7.3.4-1"), Ordering::Equal);
    }

    #[test]
    fn the_newest_complete_kernel_is_chosen() {
        let packages = archive(&[
            ("linux-source-7.2", "7.2.12-1"),
            ("linux-headers-7.2.12+deb13-amd64", "7.2.12-1"),
            ("linux-image-7.2.12+deb13-amd64", "7.2.12-1"),
            ("linux-source-7.3", "7.3.4-1~bpo13+1"),
            ("linux-headers-7.3.4+deb13-common", "7.3.4-1~bpo13+1"),
            ("linux-headers-7.3.4+deb13-cloud-amd64", "7.3.4-1~bpo13+1"),
            ("linux-headers-7.3.4+deb13-amd64", "7.3.4-1~bpo13+1"),
            ("linux-binary-7.3.4+deb13-cloud-amd64", "7.3.4-1~bpo13+1"),
            ("linux-binary-unsigned-7.3.4+deb13-amd64", "7.3.4-1~bpo13+1"),
            ("linux-modules-7.3.4+deb13-amd64", "7.3.4-1~bpo13+1"),
            // The signed image of a newer one has not arrived yet, and that of another is of an older build.
            ("linux-source-7.4", "7.4.1-1~bpo13+1"),
            ("linux-headers-7.4.1+deb13-amd64", "7.4.1-1~bpo13+1"),
            ("linux-source-7.3", "7.3.9-1~bpo13+2"),
            ("linux-headers-7.3.9+deb13-amd64", "7.3.9-1~bpo13+2"),
            ("linux-image-7.3.9+deb13-amd64", "7.3.9-1~bpo13+1"),
        ]);
        let choice = choose(&packages).unwrap();
        assert_eq!(choice.version, "7.3.4-1~bpo13+1");
        assert_eq!(choice.release, "7.3.4+deb13-amd64");
        assert_eq!(choice.source, "linux-source-7.3");
        assert_eq!(
            choice.binaries,
            [
                "linux-headers-7.3.4+deb13-amd64",
                "linux-binary-unsigned-7.3.4+deb13-amd64",
                "linux-modules-7.3.4+deb13-amd64"
            ]
        );
    }

    #[test]
    fn none_is_said_so() {
        let error = choose(&archive(&[("linux-source-7.2", "7.2.12-1")])).unwrap_err();
        assert!(
            error.to_string().contains("no kernel 7.3 or newer"),
            "{error}"
        );
    }
}
