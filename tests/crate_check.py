"""rocrate-validator on crates, without the network: python tests/crate_check.py FOLDER ... Prints JSON: the faults of each.

The validator fetches the context of RO-Crate 1.1 over the network each time. Here it is given the entries of it that our
crates use; a term that is not among them is reported as an unknown one.
"""

from __future__ import annotations

import json
import sys

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
SCHEMA_ORG = [
    "Dataset",
    "CreativeWork",
    "CreateAction",
    "SoftwareApplication",
    "Person",
    "PropertyValue",
    "about",
    "name",
    "description",
    "datePublished",
    "license",
    "keywords",
    "temporalCoverage",
    "hasPart",
    "mentions",
    "author",
    "encodingFormat",
    "variableMeasured",
    "version",
    "actionStatus",
    "endTime",
    "agent",
    "instrument",
    "object",
    "result",
    "softwareVersion",
    "url",
    "identifier",
    "inLanguage",
    "alternateName",
    "unitText",
    "minValue",
    "maxValue",
    "measurementTechnique",
]
TERMS = {term: f"http://schema.org/{term}" for term in SCHEMA_ORG} | {
    "File": "http://schema.org/MediaObject",
    "conformsTo": "http://purl.org/dc/terms/conformsTo",
}


def main(*folders: str) -> None:
    from requests import Response
    from rocrate_validator import services
    from rocrate_validator.models import Severity, ValidationSettings
    from rocrate_validator.utils.http import HttpRequester

    def get(url: str, **_: object) -> Response:
        answer = Response()
        known = url.rstrip("/") == CONTEXT
        answer.status_code, answer.url = (200 if known else 404), url
        answer.headers["Content-Type"] = "application/ld+json"
        answer._content = json.dumps({"@context": TERMS}).encode() if known else b""
        return answer

    HttpRequester.__getattr__ = lambda self, name: get
    told = []
    for folder in folders:
        settings = ValidationSettings(
            rocrate_uri=folder, profile_identifier="process-run-crate", requirement_severity=Severity.REQUIRED
        )
        result = services.validate(settings)
        faults = [f"{issue.check.identifier}: {issue.message}" for issue in result.get_issues()]
        told.append({"passed": result.passed(), "faults": faults})
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
