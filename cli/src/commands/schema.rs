//! What editors are told.

/// The first lines of a file that editors with YAML support look for.
pub(super) const COMMENT: &str = "# yaml-language-server: $schema=tocsin.schema.json   (tocsin schema > tocsin.schema.json)";
