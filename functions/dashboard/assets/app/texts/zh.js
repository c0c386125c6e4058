// Chinese texts, by the English ones.
export const zh = {};
