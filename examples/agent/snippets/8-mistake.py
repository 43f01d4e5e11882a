# Another mistake.
prices = [item["price"] for item in find_order(7)["items"]]
prices["first"]
