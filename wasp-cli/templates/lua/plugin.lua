local plugin = {}

-- Greets somebody.
function plugin.hello(name) return "Hello " .. name end

function plugin.divide(a, b)
  if b == 0 then error("nothing can be divided by 0", 0) end
  return a / b
end

return plugin
