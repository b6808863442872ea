/**
 * Every code with its meaning in one line. Codes are permanent: a code that is no longer used stays here, and a new
 * meaning gets a new code. WF1 YAML, WF2 schema, WF3 references and graph, WF4 expressions, WF5 provider and run,
 * WF6 store and resume, WF7 tools and channels, WF8 security and policy.
 */
export const diagnosticCodes = {
  WF1001: "The file is not valid YAML.",
  WF1002: "A tab is used to indent; YAML allows spaces only.",
  WF1003: "The file holds more than one YAML document.",
  WF1004: "A key is written twice in the same map.",
  WF1005: "A merge key (`<<`) is used.",
  WF1006: "A key is not a text.",
  WF1007: "An alias names no anchor, contains itself, or expands to too much.",
  WF1008: "The file is nested too deeply.",
  WF1009: "The file is too large.",
  WF1010: "The file is not UTF-8 text.",
  WF1011: "The file is empty.",
  WF1012: "A number cannot be kept exactly.",
  WF1013: "A YAML tag is used.",
  WF1014: "A text with `: ` in it stands without quotes.",

  WF2001: "A key is unknown.",
  WF2002: "A key is missing.",
  WF2003: "A value has the wrong type.",
  WF2004: "A value is none of those that are allowed.",
  WF2005: "A number is out of its range.",
  WF2006: "A text does not have the form it must have.",
  WF2007: "A word of the language that this version does not have yet.",
  WF2008: "A step says nothing that it does, or more than one thing.",
  WF2009: "A key belongs to another kind of step.",
  WF2010: "A name has a form that is not allowed.",
  WF2011: "The default of an input does not fit its schema.",
  WF2012: "A JSON Schema cannot be used as it stands.",
  WF2013: "A list holds the same entry twice, or too few entries.",
  WF2014: "The file is not a manifest of a known version.",
  WF2015: "Keys do not go together.",
} as const;

/** A permanent code such as WF3002. */
export type DiagnosticCode = keyof typeof diagnosticCodes;
