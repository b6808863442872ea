/** LANGUAGE.md, section 2: where texts and expressions stand. Paths of places end so. */
const templates =
  /(?:\.(?:task|instructions|prompt|message|stdin|cwd)|\.steps\.NAME\.\(\w+\)\.description|\.http\.url|\.reads(?:\[\])?|\.writes(?:\[\])?|\.(?:env|headers)\.NAME|\.(?:get|set|delete|increment|list|compare_and_set))$/;
const expressions =
  /^[.]score$|^[.]steps[.]NAME[.][(]\w+[)][.](?:if|item_key|cache[.]key|repeat[.]until|handoff\[\][.]accept)$/;
/** Values that are as they are: nothing in them is looked at. */
const plain =
  /\.(?:simulate\.output|default|const|examples\[\]|enum\[\]|include\[\]\.NAME|exclude\[\]\.NAME|matrix\.NAME\[\])$/;

export const isTemplate = (path: string): boolean => templates.test(path);
export const isExpression = (path: string): boolean => expressions.test(path);
export const takesExpressions = (path: string): boolean => !plain.test(path);
