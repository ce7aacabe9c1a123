use super::*;
use crate::report::{Style, json, json_schema};
use expect_test::expect;
use serde_json::Value;

fn assert_valid(report: &Report) {
    let schema = json_schema();
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    let value: Value = serde_json::from_str(&json::render(report, &Style::PLAIN)).expect("the report is JSON");
    let errors: Vec<String> =
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn the_report_has_the_documented_shape() {
    expect![[r#"
        {
          "schemaVersion": 1,
          "summary": {
            "files": 2,
            "documents": 3,
            "legacy": 4,
            "converted": 2,
            "refused": 1,
            "inert": 1,
            "generated": 1,
            "skipped": 0
          },
          "conversions": [
            {
              "from": [
                {
                  "file": "roles.yaml",
                  "line": 1,
                  "object": {
                    "kind": "ServiceRole",
                    "namespace": "shop",
                    "name": "viewer"
                  }
                },
                {
                  "file": "web/bindings.yaml",
                  "line": 1,
                  "object": {
                    "kind": "ServiceRoleBinding",
                    "namespace": "shop",
                    "name": "viewers"
                  }
                }
              ],
              "to": [
                {
                  "object": {
                    "kind": "AuthorizationPolicy",
                    "namespace": "shop",
                    "name": "viewer"
                  },
                  "file": "roles.yaml",
                  "line": 1
                }
              ]
            },
            {
              "from": [
                {
                  "file": "web/bindings.yaml",
                  "line": 12,
                  "object": {
                    "kind": "RbacConfig",
                    "namespace": "shop",
                    "name": "default"
                  }
                }
              ],
              "to": []
            }
          ],
          "findings": [
            {
              "code": "sample-no-inventory",
              "severity": "note",
              "direction": "none",
              "file": null,
              "line": null,
              "column": null,
              "object": null,
              "message": "No Service and no workload was read.",
              "remedy": "Add --inventory."
            },
            {
              "code": "sample-host-case",
              "severity": "warning",
              "direction": "wider",
              "file": "not-kept.yaml",
              "line": 7,
              "column": 3,
              "object": null,
              "message": "The host \"API\" is compared without case.",
              "remedy": "Accept it with --allow sample-host-case, or use --strict."
            },
            {
              "code": "sample-unknown-service",
              "severity": "error",
              "direction": "none",
              "file": "roles.yaml",
              "line": 8,
              "column": 16,
              "object": {
                "kind": "ServiceRole",
                "namespace": "shop",
                "name": "viewer"
              },
              "message": "ServiceRole shop/viewer names the service \"cart.shop.svc.cluster.local\", and no Service of that name was read.",
              "remedy": "Read the Service too: kubectl get service -n shop -o yaml > services.yaml, then --inventory services.yaml."
            },
            {
              "code": "sample-host-case",
              "severity": "warning",
              "direction": "wider",
              "file": "roles.yaml",
              "line": 12,
              "column": 16,
              "object": null,
              "message": "The host \"Cart.Shop\" is compared without case, 100% of the time.",
              "remedy": "Accept it with --allow sample-host-case, or use --strict."
            }
          ],
          "verification": [
            {
              "workload": {
                "kind": "Deployment",
                "namespace": "shop",
                "name": "cart"
              },
              "port": 8080,
              "transport": "http",
              "verdict": "wider",
              "relaxations": [],
              "witness": {
                "wider": {
                  "request": [
                    {
                      "name": "from",
                      "value": "cluster.local/ns/web/sa/front over mutual TLS"
                    },
                    {
                      "name": "method",
                      "value": "GET"
                    },
                    {
                      "name": "path",
                      "value": "/v1/items"
                    },
                    {
                      "name": "header x-env",
                      "value": "prod|`x`"
                    }
                  ],
                  "curl": "curl -H 'x-env: prod|`x`' http://cart.shop:8080/v1/items",
                  "before": {
                    "allowed": false,
                    "reason": "no rule of any ServiceRole matches",
                    "at": null
                  },
                  "after": {
                    "allowed": true,
                    "reason": "rule 1 of AuthorizationPolicy shop/viewer",
                    "at": {
                      "object": {
                        "kind": "AuthorizationPolicy",
                        "namespace": "shop",
                        "name": "viewer"
                      },
                      "file": "roles.yaml",
                      "line": 8
                    }
                  }
                }
              }
            },
            {
              "workload": {
                "kind": "Deployment",
                "namespace": "shop",
                "name": "front"
              },
              "port": null,
              "transport": "tcp",
              "verdict": "undecided",
              "relaxations": [],
              "witness": {},
              "undecided": {
                "because": "out-of-budget",
                "at": "440 prefixes and 440 suffixes of the path",
                "sampled": 10000
              }
            },
            {
              "workload": {
                "kind": "Deployment",
                "namespace": "shop",
                "name": "cart"
              },
              "port": 9090,
              "transport": "http",
              "verdict": "equal",
              "relaxations": [
                "query-string"
              ],
              "witness": {}
            }
          ]
        }
    "#]].assert_eq(&json::render(&sample(), &Style::PLAIN));
}

#[test]
fn every_report_validates_against_its_own_schema() {
    assert_valid(&sample());
    assert_valid(&comparison());
    assert_valid(&Report::default());
}

#[test]
fn the_schema_rejects_what_is_not_a_report() {
    let schema = json_schema();
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    let mut value: Value = serde_json::from_str(&json::render(&sample(), &Style::PLAIN)).expect("JSON");
    value["findings"][0]["severity"] = "fatal".into();
    assert!(!validator.is_valid(&value));
}
