/** Layout of the pages' JavaScript: Prettier's defaults, in lines as long as those of the Python code. */
export default { printWidth: 110 };
