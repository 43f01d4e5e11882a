-- List what was bought, once each.
local names, seen = {}, {}
for number = 7, 8 do
  for _, item in ipairs(find_order(number).items) do
    if not seen[item.name] then
      seen[item.name] = true
      names[#names + 1] = item.name
    end
  end
end
table.sort(names)
return names
