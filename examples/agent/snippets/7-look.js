// Looks for it.
;[typeof secret, typeof process, [1].map((n) => n + 1)[0]]
