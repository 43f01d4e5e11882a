// Leaves something for the next.
globalThis.secret = 'of one user'
Array.prototype.map = () => ['patched']
'left'
