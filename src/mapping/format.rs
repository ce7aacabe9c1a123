//! The mapping file as it is written: the types that serde reads and that the JSON Schema is made from.
//!
//! What the types cannot say (exactly one action per rule, one writer per target) is checked in `check`.

use super::selector::{KeyPattern, Selector, Target};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The JSON Schema of mapping files (`meshlift schema mapping`).
pub fn schema() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<MappingFile>().to_value()
}

/// A mapping file: what one legacy kind becomes, field by field.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingFile {
    /// One line a person reads in `meshlift mapping list`.
    pub title: String,
    /// The legacy kind. Exactly one mapping may claim a kind.
    pub from: KindRef,
    /// Where the legacy API is documented.
    #[allow(dead_code, reason = "read by people, in `meshlift mapping show`")]
    pub reference: Option<String>,
    /// What is made from an object of the kind.
    #[serde(default)]
    pub outputs: Vec<OutputText>,
    /// What concerns the object as a whole: steps, refusals and drops.
    #[serde(default)]
    pub rules: Vec<RuleText>,
}

/// A kind of object.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KindRef {
    /// For example `rbac.istio.io/v1alpha1`.
    pub api_version: String,
    /// For example `ServiceRole`.
    pub kind: String,
}

/// A piece of JSON that Rust places in the new objects.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputText {
    /// The name by which Rust knows it: `rule`, `subject`, `peer`, `request`.
    pub id: String,
    /// Where it ends up, in one sentence.
    #[allow(dead_code, reason = "read by people, in `meshlift mapping show`")]
    pub about: String,
    /// How it is filled. An `each` with the target `/-` makes one item per match.
    pub fields: Vec<RuleText>,
}

/// One rule. Exactly one of `copy`, `each`, `entries`, `set`, `step`, `refuse` and `drop` says what it does. Rules are
/// applied in order. As in proto3, a field that is null, an empty text or an empty list is absent.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["copy"]}, {"required": ["each"]}, {"required": ["entries"]}, {"required": ["set"]},
    {"required": ["step", "consumes"]}, {"required": ["refuse"]}, {"required": ["drop"]}
]))]
pub struct RuleText {
    /// Copies a value.
    pub copy: Option<CopyText>,
    /// Makes one object per match.
    pub each: Option<EachText>,
    /// Treats the entries of a map, or a list of `{key, values}`, by their keys.
    pub entries: Option<EntriesText>,
    /// Writes a constant.
    pub set: Option<SetText>,
    /// Leaves the values named in `consumes` to Rust.
    pub step: Option<Step>,
    /// The values a step accounts for. A map with named fields does not account for its fields: name them.
    #[serde(default)]
    pub consumes: Vec<Selector>,
    /// Has no safe equivalent: the object is left as it is and the reason reported.
    pub refuse: Option<RefuseText>,
    /// Never had an effect: removed, and noted.
    pub drop: Option<DropText>,
    /// `http`: old Istio enforced the field on HTTP ports only and dropped the rule or subject on TCP ports.
    pub transport: Option<TransportText>,
    /// The first source release the rule is for.
    pub since: Option<ReleaseText>,
    /// The last source release the rule is for.
    pub until: Option<ReleaseText>,
    /// The usual form differs from the old meaning in this accepted way; `strict` holds the exact form.
    pub relaxation: Option<RelaxationText>,
    /// The exact form: used with `--strict`, and for values the usual form cannot carry at all.
    pub strict: Option<Box<RuleText>>,
}

/// Copies a value, perhaps through a table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyText {
    /// What to copy. `[*]` at the end copies each item of a list.
    pub from: Selector,
    /// Used in place of `from` when that is absent. Both present is an error: Istio's validation excluded it.
    pub or: Option<Selector>,
    /// Where to.
    pub to: Target,
    /// A closed table of old to new values; a value outside it is reported and never passed on.
    pub values: Option<BTreeMap<String, Value>>,
    /// Written when `from` is absent.
    pub default: Option<Value>,
    /// `default` is written only when this is present.
    pub when: Option<Selector>,
    /// What an empty text in a list becomes. Without it an empty text is refused, for the new API does not take it.
    pub empty: Option<String>,
    /// How the value is written; as it is, unless this says otherwise.
    #[serde(rename = "as")]
    pub form: Option<FormText>,
    /// Makes the values a condition with this key: `{key, values}`. Needs the target `/when/-`.
    pub key: Option<String>,
    /// The condition holds `notValues`.
    #[serde(default)]
    pub negated: bool,
}

/// For each match one object, filled by the nested rules; their selectors start at the match.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EachText {
    /// The matches.
    pub of: Selector,
    /// The list that takes the objects.
    pub to: Target,
    /// How an object is filled.
    pub fields: Vec<RuleText>,
}

/// Entries of a map, or of a list of `{key, values}`, whose key fits a pattern. An entry that an earlier rule took is
/// left alone, so the narrow patterns come first and `**` last. Where a key stands twice in a list, the last one counts,
/// as it did in Istio since 1.2. Exactly one of `to`, `step`, `refuse` and `drop` says what becomes of the entries.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["to"]}, {"required": ["step"]}, {"required": ["refuse"]}, {"required": ["drop"]}
]))]
pub struct EntriesText {
    /// The map, or the items of the list.
    pub of: Selector,
    /// The keys: `*` is one or more characters other than brackets, `**` is any text.
    pub matching: KeyPattern,
    /// Makes each entry a condition `{key, values}`. Only `/when/-`.
    pub to: Option<Target>,
    /// The key of the condition, when it is another than the entry's.
    pub key: Option<String>,
    /// What an empty value becomes. Without it an empty value is refused.
    pub empty: Option<String>,
    /// A value that was always true: an entry holding it makes no condition.
    pub always: Option<String>,
    /// How a value is written; as it is, unless this says otherwise.
    #[serde(rename = "as")]
    pub form: Option<FormText>,
    /// Leaves the entries to Rust.
    pub step: Option<Step>,
    /// Has no safe equivalent.
    pub refuse: Option<ReasonText>,
    /// Never had an effect.
    pub drop: Option<ReasonText>,
}

/// A constant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetText {
    /// The constant.
    pub value: Value,
    /// Where to.
    pub to: Target,
}

/// A refusal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseText {
    /// The field.
    pub at: Selector,
    /// The finding's code, one that `meshlift explain` knows.
    pub code: String,
    /// Why there is no safe equivalent: the rest of a sentence that starts with the field's name.
    pub because: String,
}

/// A drop.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DropText {
    /// The field.
    pub at: Selector,
    /// Why it never had an effect: the rest of a sentence.
    pub because: String,
}

/// A reason, and for a refusal its code.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonText {
    /// The finding's code, one that `meshlift explain` knows; for refusals.
    pub code: Option<String>,
    /// Why: the rest of a sentence.
    pub because: String,
}

/// How a copied value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FormText {
    /// A whole number as text: the new API takes ports as text.
    Text,
}

/// A transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TransportText {
    /// HTTP, HTTP/2 and gRPC.
    Http,
}

/// A source release (`--from`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
pub enum ReleaseText {
    /// 1.4.
    #[serde(rename = "1.4")]
    V1_4,
    /// 1.5.
    #[serde(rename = "1.5")]
    V1_5,
}

impl ReleaseText {
    /// The 4 of 1.4.
    pub fn minor(self) -> u16 {
        match self {
            ReleaseText::V1_4 => 4,
            ReleaseText::V1_5 => 5,
        }
    }
}

/// An accepted difference (`design.md` §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RelaxationText {
    /// `paths` ignores the query string.
    QueryString,
    /// `hosts` ignores upper and lower case.
    HostCase,
}

/// Declares the closed list of steps with the names used in mapping files.
macro_rules! steps {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)*) => {
        /// What only Rust can say: a closed list, so that a misspelt step is an error when the file is loaded.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
        pub enum Step {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)*
        }

        impl Step {
            /// Every step.
            pub const ALL: &[Step] = &[$(Step::$variant),*];

            /// The name used in mapping files and as key of `Applied::steps` and `Item::steps`.
            pub fn name(self) -> &'static str {
                match self { $(Step::$variant => $name),* }
            }
        }
    };
}

steps! {
    /// Which services an access rule is for: FQDN patterns to selectors (`spec/rbac.md` §6.3). Input: `services`.
    ServicePatterns = "service-patterns",
    /// Constraints that Pilot decided: `destination.labels[..]`, `.name`, `.namespace`, `.user` (§6.5). Input: constraints.
    StaticConstraint = "static-constraint",
    /// `destination.port`: unparsable values were ignored, and `ports` is taken by service scoping (§2.5). Input: constraints.
    ConstraintPort = "constraint-port",
    /// The literal key `path-matcher`, an accident of 1.5: path patterns without the query. Input: constraints.
    PathMatcher = "path-matcher",
    /// A malformed `request.headers` or `request.auth.claims` key: no condition, but HTTP only (§6.9). Input: constraints
    /// or properties.
    HttpGuard = "http-guard",
    /// A key of a known family whose brackets are empty, nested or unbalanced: enforced or rejected, never ignored
    /// (§2.5, E69); drop the subject or access rule, or refuse. Input: constraints or properties.
    OddKey = "odd-key",
    /// A constraint key that Istio did not know and ignored (§2.5). Input: constraints.
    UnknownConstraint = "unknown-constraint",
    /// `user`, `names`, `notNames`, `source.principal`, `source.user`: ANDed lists with special values (§6.6).
    PeerIdentity = "peer-identity",
    /// Namespaces were regular expressions without escaping (E71). Input: the namespace values that were also copied.
    NamespacePatterns = "namespace-patterns",
    /// `ips`, `notIps`, `source.ip`: unparsable addresses were ignored (§2.5). Input: lists and the property.
    SourceAddresses = "source-addresses",
    /// `request.auth.principal`: the peer or `iss/sub`, matched as one text (§6.11). Input: the property.
    RequestPrincipal = "request-principal",
    /// `notGroups`: wider for space separated claims (§6.6). Input: the list.
    NotGroups = "not-groups",
    /// A property key that no filter ever set: the subject matched nobody (§2.5). Input: properties.
    UnknownProperty = "unknown-property",
    /// Puts the subjects of a binding onto the rules of its role (§6.7). Input: `roleRef`.
    RoleJoin = "role-join",
    /// PERMISSIVE bindings and configs only logged (§6.8). Input: `mode` or `enforcementMode`.
    EnforcementMode = "enforcement-mode",
    /// Where RBAC is on: the default policies (§6.2). Input: `mode`, `inclusion`, `exclusion`.
    RbacScope = "rbac-scope",
    /// The first mTLS peer decides; none is plaintext only (`spec/authn.md` §4.1). Input: `mtls` peers.
    MtlsMode = "mtls-mode",
    /// Which workloads a Policy is for: service names to selectors (`spec/authn.md` §4.2). Input: target names and labels.
    TargetServices = "target-services",
    /// Service ports to container ports (`spec/authn.md` §4.3). Input: target ports.
    TargetPorts = "target-ports",
    /// A JWT as peer method (`spec/authn.md` §1.6). Input: the fields of the JWT.
    PeerJwt = "peer-jwt",
    /// Key set: `jwks` wins over `jwksUri` (`spec/authn.md` §1.5). Input: both.
    JwtKeys = "jwt-keys",
    /// Token headers: `ingress-authorization` had the prefix `istio` (`spec/authn.md` §1.5). Input: `jwtHeaders`.
    TokenHeader = "token-header",
    /// On which paths a token is needed (`spec/authn.md` §4.5). Input: the path conditions.
    TriggerRules = "trigger-rules",
    /// Whether a token is needed at all: the DENY policy (`spec/authn.md` §4.5). Input: `originIsOptional`.
    RequireToken = "require-token",
    /// What `request.auth.principal` was (`spec/authn.md` §1.7). Input: `principalBinding`.
    PrincipalBinding = "principal-binding",
}

/// The schema of one of the small languages: text with a pattern.
macro_rules! text_schema {
    ($($kind:ty, $name:literal, $about:literal, $pattern:literal;)*) => { $(
        impl JsonSchema for $kind {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "description": $about, "pattern": $pattern})
            }
        }
    )* };
}
text_schema! {
    Selector, "Selector", "A JSONPath made of names, indexes and wildcards only.",
        r#"^\$(\.[A-Za-z_][A-Za-z0-9_-]*|\.\*|\[\*\]|\['[^']+'\]|\["[^"]+"\]|\[[0-9]+\])*$"#;
    Target, "Target", "A JSON pointer into the output; `-` at the end appends to a list.",
        r"^(/([^/~]|~[01])+)+$";
    KeyPattern, "KeyPattern", "A pattern over keys: `*` is one or more characters other than brackets, `**` is any text.",
        r"^.+$";
}
