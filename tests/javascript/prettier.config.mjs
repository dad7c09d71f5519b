/** The layout of the pages' JavaScript: Prettier's defaults, with the line length of the Python code. */
export default { printWidth: 110 };
