//! Which destination becomes the config's, and which sources feed it.

use toml::{Spanned, de::DeTable};

use super::{
    super::error::{Finding, listed, nearest},
    Refusals, Spec,
    documents::{Kind, Plugin, Registry},
};
use crate::{
    failure::{Failure, FailureKind},
    untrusted::excerpt,
};

/// What becomes a config.
pub(super) struct Choice<'s, 'a> {
    pub(super) destination: &'s Spec<'a>,
    pub(super) sources: Vec<&'s Spec<'a>>,
    /// What becomes of the other documents, and of rows that went elsewhere too: one line each.
    pub(super) others: Vec<String>,
}

/// Chooses the destination of that name, or else the only one that is S3.
///
/// # Errors
/// None, or several, to choose from. What is wrong within the documents is added to the refusals.
pub(super) fn choose<'s, 'a>(
    specs: &'s [Spec<'a>],
    chosen: Option<&str>,
    refusals: &mut Refusals,
) -> Result<Choice<'s, 'a>, Failure> {
    unique(specs, refusals);
    let destinations: Vec<&Spec<'a>> = of(specs, |kind| matches!(kind, Kind::Destination));
    let sources: Vec<&Spec<'a>> = of(specs, |kind| matches!(kind, Kind::Source(_)));
    let names: Vec<&str> = destinations.iter().map(|spec| name(spec)).collect();
    for source in &sources {
        let unknown = feeds(source).filter(|(name, _)| !names.contains(name));
        let findings: Vec<Finding> = unknown.map(|(name, span)| unknown_destination(name, span, &names)).collect();
        if !findings.is_empty() {
            refusals.add(source.file, Some(&source.document), findings);
        }
    }
    refusals.end()?;
    let destination = destination(&destinations, chosen)?;
    let (feeding, elsewhere): (Vec<_>, Vec<_>) =
        sources.into_iter().partition(|source| feeds(source).any(|(fed, _)| fed == name(destination)));
    if feeding.is_empty() {
        let what = match elsewhere.len() {
            0 => "there is no source among the documents, and a config has at least one".to_owned(),
            _ => format!("no source names `{}` among its destinations", excerpt(name(destination), 60)),
        };
        let next = "name the source's file as well; to keep the sources with CloudQuery's command line, give it `lakeward serve` as \
                    its destination (docs/cloudquery.md)";
        return Err(Failure::new(FailureKind::Input, what).next(next));
    }
    let mut others = Vec::new();
    for source in &feeding {
        let also: Vec<&str> = feeds(source).map(|(fed, _)| fed).filter(|fed| *fed != name(destination)).collect();
        if !also.is_empty() {
            let (source, chosen) = (name(source), name(destination));
            others.push(format!("The rows of `{source}` go to `{chosen}` alone now, no more to {}.", quoted(&also)));
        }
    }
    let rest = specs.iter().filter(|spec| match spec.specified.kind {
        Kind::Source(_) => elsewhere.iter().any(|source| std::ptr::eq(*source, *spec)),
        Kind::Destination => !std::ptr::eq(*spec, destination),
        Kind::Transformer => true,
    });
    others.extend(rest.map(|spec| {
        let kind = match spec.specified.kind {
            Kind::Source(_) => "source",
            Kind::Destination => "destination",
            Kind::Transformer => "transformer",
        };
        format!("The {kind} `{}` ({}) is left out.", name(spec), spec.specified.plugin.told())
    }));
    Ok(Choice { destination, sources: feeding, others })
}

fn of<'s, 'a>(specs: &'s [Spec<'a>], is: impl Fn(&Kind) -> bool) -> Vec<&'s Spec<'a>> {
    specs.iter().filter(|spec| is(&spec.specified.kind)).collect()
}

fn name<'s>(spec: &'s Spec<'_>) -> &'s str {
    &spec.specified.plugin.name.value
}

/// The destinations of a source and where they stand.
fn feeds<'s>(source: &'s Spec<'_>) -> impl Iterator<Item = (&'s str, std::ops::Range<usize>)> {
    let destinations = match &source.specified.kind {
        Kind::Source(reading) => reading.destinations.as_slice(),
        _ => &[],
    };
    destinations.iter().map(|name| (name.value.as_str(), name.span.clone()))
}

/// Adds a refusal for each second document of a kind and name.
fn unique(specs: &[Spec<'_>], refusals: &mut Refusals) {
    let kind = |spec: &Spec<'_>| std::mem::discriminant(&spec.specified.kind);
    for (index, spec) in specs.iter().enumerate() {
        let mut before = specs.iter().take(index);
        if let Some(first) = before.find(|first| kind(first) == kind(spec) && name(first) == name(spec)) {
            let what = format!("a second one of this name; the first is in {}", excerpt(&first.file.name, 120));
            let finding =
                Finding::value(spec.specified.plugin.name.span.clone(), what).hint("give each a name of its own");
            refusals.add(spec.file, Some(&spec.document), vec![finding]);
        }
    }
}

fn unknown_destination(name: &str, span: std::ops::Range<usize>, names: &[&str]) -> Finding {
    let finding = Finding::new(span, format!("there is no destination named `{}`", excerpt(name, 60)));
    match nearest(name, names.iter().copied()) {
        Some(near) => finding.hint(format!("did you mean `{near}`?")),
        None if names.is_empty() => finding.hint("name the destination's file as well"),
        None => finding.hint(format!("there are {}", listed(names.iter().copied()))),
    }
}

fn destination<'s, 'a>(destinations: &[&'s Spec<'a>], chosen: Option<&str>) -> Result<&'s Spec<'a>, Failure> {
    if let Some(chosen) = chosen {
        let names: Vec<&str> = destinations.iter().map(|spec| name(spec)).collect();
        let Some(spec) = destinations.iter().find(|spec| name(spec) == chosen) else {
            let what = format!("there is no destination named \"{}\"", excerpt(chosen, 60));
            let near = nearest(chosen, names.iter().copied()).map(|near| format!("did you mean {near}?"));
            return Err(Failure::new(FailureKind::Usage, what)
                .next(near.unwrap_or_else(|| format!("there are {}", quoted(&names)))));
        };
        return if is_s3(spec) { Ok(spec) } else { Err(not_s3(&[spec])) };
    }
    let s3: Vec<&Spec<'a>> = destinations.iter().copied().filter(|spec| is_s3(spec)).collect();
    match s3.as_slice() {
        [one] => Ok(one),
        [] if destinations.is_empty() => {
            let what = "there is no destination among the documents";
            Err(Failure::new(FailureKind::Input, what).next("name the destination's file as well"))
        }
        [] => Err(not_s3(destinations)),
        several => {
            let names: Vec<&str> = several.iter().map(|spec| name(spec)).collect();
            let what =
                format!("there are {} destinations in S3, and a config has one: {}", names.len(), quoted(&names));
            Err(Failure::new(FailureKind::Usage, what)
                .next("choose one with --destination NAME, and make a config for each"))
        }
    }
}

fn not_s3(destinations: &[&Spec<'_>]) -> Failure {
    let told: Vec<String> =
        destinations.iter().map(|spec| format!("`{}` is {}", name(spec), spec.specified.plugin.told())).collect();
    let what = format!("no destination is S3, where Lakeward writes: {}", told.join(", "));
    Failure::new(FailureKind::Input, excerpt(&what, 400)).next("import a spec whose destination is cloudquery/s3")
}

/// Whether a destination writes to S3: told by the registry's name of it, or where that says nothing, by its spec.
fn is_s3(spec: &Spec<'_>) -> bool {
    let Plugin { path, .. } = &spec.specified.plugin;
    let own: &Spanned<DeTable<'_>> = &spec.specified.own;
    let last = path.value.rsplit('/').next().unwrap_or_default();
    match spec.specified.plugin.registry() {
        Registry::CloudQuery | Registry::Github => last == "s3",
        Registry::Docker => last.contains("s3"),
        Registry::Local | Registry::Grpc => own.get_ref().contains_key("bucket"),
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{}`", excerpt(name, 60))).collect::<Vec<_>>().join(", ")
}
