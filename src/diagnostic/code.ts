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

  WF3001: "Steps wait for one another in a circle.",
  WF3002: "`needs` names a step that there is not.",
  WF3003: "A step names an agent that is not declared.",
  WF3004: "A model is neither declared nor an id.",
  WF3005: "An agent has no model.",
  WF3006: "A model alias is made of itself.",
  WF3007: "An expression reads `steps` as a whole.",
  WF3008: "`api_key` takes a secret that is not declared.",
  WF3009: "`needs` asks for more steps than it names.",
  WF3010: "`for_each` gets something that is not a list.",
  WF3011: "A list is longer than `max_items`.",
  WF3012: "A list is shorter than its `join` asks.",
  WF3013: "`retry.on` names a failure that is never tried again.",
  WF3020: "An input is never read.",
  WF3021: "An agent has no step.",
  WF3022: "A secret is never used.",

  WF8001: "A value would become part of a shell text.",
  WF8002: "An expression reads a variable that is made from a secret.",
} as const;

/** A permanent code such as WF3002. */
export type DiagnosticCode = keyof typeof diagnosticCodes;
