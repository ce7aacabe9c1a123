//! The JSON report: the model as it is, and its JSON Schema.

use super::alike::{self, Shown};
use super::model::Report;
use super::{Style, gate};
use crate::finding::{Assumption, Direction, Finding, ObjectRef, Place, namespace};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// The report as indented JSON, ending with a newline. `style` changes nothing: programs read this.
///
/// Names and values are exactly what the input holds, with JSON's escapes where a reader would see nothing; sentences
/// (`message`, `remedy`, `reason`) show such characters, because people read them.
pub fn render(report: &Report, _style: &Style) -> String {
    // Serialising cannot fail: every key is a string and no `Serialize` of the model returns an error.
    gate::json(&serde_json::to_string_pretty(report).unwrap_or_default()) + "\n"
}

/// The JSON Schema (draft 2020-12) of the report, for `meshlift schema report`.
pub fn json_schema() -> Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Report>().to_value()
}

/// An object's name.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Object", deny_unknown_fields)]
pub(super) struct ObjectRow {
    /// For example `ServiceRole`.
    kind: String,
    /// Empty for cluster-scoped kinds, and where nobody named the namespace.
    namespace: String,
    /// `metadata.name`.
    name: String,
}

impl From<&ObjectRef> for ObjectRow {
    fn from(object: &ObjectRef) -> ObjectRow {
        ObjectRow {
            kind: object.kind.clone(),
            namespace: namespace::written(&object.namespace).to_owned(),
            name: object.name.clone(),
        }
    }
}

/// One thing to tell the user.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding", deny_unknown_fields)]
pub(super) struct FindingRow {
    /// What kind of thing; `meshlift explain CODE` tells more.
    code: String,
    /// `error`: the object was refused.
    severity: SeverityWord,
    /// How access changes, compared with what the old mesh enforced.
    direction: DirectionWord,
    /// Null for findings about the run as a whole.
    file: Option<String>,
    /// 1-based.
    line: Option<usize>,
    /// 1-based, in characters.
    column: Option<usize>,
    /// The object it is about, when there is one.
    object: Option<ObjectRow>,
    /// What happened.
    message: String,
    /// What to do.
    remedy: String,
    /// Findings of this code, severity, object and file that follow and are not listed: beyond the first 50 of them.
    #[serde(skip_serializing_if = "is_zero")]
    more: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Severity", inline)]
enum SeverityWord {
    Error,
    Warning,
    Note,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Direction", inline)]
enum DirectionWord {
    Wider,
    Narrower,
    None,
}

impl From<Direction> for DirectionWord {
    fn from(direction: Direction) -> DirectionWord {
        match direction {
            Direction::Wider => DirectionWord::Wider,
            Direction::Narrower => DirectionWord::Narrower,
            Direction::None => DirectionWord::None,
        }
    }
}

impl From<Shown<'_>> for FindingRow {
    fn from(Shown { finding, more }: Shown<'_>) -> FindingRow {
        use crate::finding::Severity;
        let place = finding.place.as_ref();
        FindingRow {
            code: finding.code.name().to_owned(),
            severity: match finding.severity {
                Severity::Error => SeverityWord::Error,
                Severity::Warning => SeverityWord::Warning,
                Severity::Note => SeverityWord::Note,
            },
            direction: finding.direction.into(),
            file: place.map(|place| place.file.to_string()),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            object: finding.object.as_ref().map(ObjectRow::from),
            message: gate::prose(&finding.message).into_owned(),
            remedy: gate::prose(&finding.remedy).into_owned(),
            more,
        }
    }
}

/// Something that the result takes for granted.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Assumption", deny_unknown_fields)]
pub(super) struct AssumptionRow {
    /// Which one; `meshlift explain CODE` tells more.
    code: String,
    /// What rests on it; null when everything does.
    object: Option<ObjectRow>,
    /// What is taken for granted, and what happens if it is false.
    message: String,
    /// How access would change if it is false.
    if_false: DirectionWord,
    /// The command that checks it.
    check: String,
}

impl From<&Assumption> for AssumptionRow {
    fn from(assumption: &Assumption) -> AssumptionRow {
        AssumptionRow {
            code: assumption.code.name().to_owned(),
            object: assumption.object.as_ref().map(ObjectRow::from),
            message: gate::prose(&assumption.message).into_owned(),
            if_false: assumption.if_false.into(),
            check: gate::prose(&assumption.check).into_owned(),
        }
    }
}

/// One attribute of a request.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Attribute", deny_unknown_fields)]
pub(super) struct AttributeRow {
    /// For example `from`, `method`, `path`, `header x-env`.
    name: String,
    /// Its value.
    value: String,
}

/// An object and where the part of it that decided stands.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Located", deny_unknown_fields)]
pub(super) struct LocatedRow {
    /// The object.
    object: ObjectRow,
    /// Path as shown to the user.
    file: String,
    /// 1-based.
    line: usize,
}

pub(super) fn findings<S: Serializer>(findings: &[Finding], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(alike::shown(findings).into_iter().map(FindingRow::from))
}

pub(super) fn assumptions<S: Serializer>(assumptions: &[Assumption], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(assumptions.iter().map(AssumptionRow::from))
}

pub(super) fn optional_object<S: Serializer>(object: &Option<ObjectRef>, serializer: S) -> Result<S::Ok, S::Error> {
    object.as_ref().map(ObjectRow::from).serialize(serializer)
}

pub(super) fn object<S: Serializer>(object: &ObjectRef, serializer: S) -> Result<S::Ok, S::Error> {
    ObjectRow::from(object).serialize(serializer)
}

/// A sentence for people.
pub(super) fn sentence<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&gate::prose(text))
}

pub(super) fn attributes<S: Serializer>(request: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer
        .collect_seq(request.iter().map(|(name, value)| AttributeRow { name: name.clone(), value: value.clone() }))
}

pub(super) fn located<S: Serializer>(at: &Option<(ObjectRef, Place)>, serializer: S) -> Result<S::Ok, S::Error> {
    at.as_ref()
        .map(|(object, place)| LocatedRow { object: object.into(), file: place.file.to_string(), line: place.line })
        .serialize(serializer)
}
