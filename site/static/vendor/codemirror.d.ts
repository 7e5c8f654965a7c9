/** What js/editor.js uses of codemirror.js, without the types of its parts. */
export const EditorState: any, EditorView: any, HighlightStyle: any;
export const keymap: any, lineNumbers: any, drawSelection: any, highlightActiveLine: any, highlightSpecialChars: any;
export const defaultKeymap: any[], historyKeymap: any[], indentWithTab: any;
export const history: any, bracketMatching: any, indentOnInput: any, indentUnit: any, syntaxHighlighting: any;
export const lintGutter: any, setDiagnostics: any, go: any, tags: any;
