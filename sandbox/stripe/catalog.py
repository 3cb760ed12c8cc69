"""Products, and the prices that one-off lines make of them. https://docs.stripe.com/api/products and .../prices"""

from collections.abc import Mapping
from typing import Any

from sandbox.stripe.answers import Refusal
from sandbox.stripe.ask import Ask, Table
from sandbox.stripe.forms import Reader, anything, boolean, integer, listing, mapping, merged, metadata, read, text
from sandbox.stripe.money import currency, within_reach
from sandbox.stripe.shelf import Object, Shelf, now

SHAPE: Mapping[str, Reader] = {
    "id": text(),
    "active": boolean,
    "description": text(40_000),
    "images": listing(text()),
    "metadata": metadata,
    "name": text(),
    "shippable": boolean,
    "statement_descriptor": text(22),
    "tax_code": text(),
    "unit_label": text(12),
    "url": text(),
}
PRICE: Mapping[str, Reader] = {
    "currency": currency,
    "product": text(),
    "product_data": mapping({"name": text(), "description": text(), "metadata": metadata, "images": anything}),
    "recurring": anything,
    "tax_behavior": text(),
    "unit_amount": integer,
    "unit_amount_decimal": text(),
}


class Catalog:
    """Routes of products, and of prices as far as they are read."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def table(self) -> Table:
        """Return the routes."""
        one = "/v1/products/{id}"
        return [
            ("GET", "/v1/products", lambda ask: self.shelf.page("products", ask.params, "/v1/products")),
            ("POST", "/v1/products", self.create),
            ("GET", one, self._product),
            ("POST", one, self._change),
            ("GET", "/v1/prices/{price}", lambda ask: self.shelf.get("prices", ask.path["price"])),
        ]

    def create(self, ask: Ask) -> Object:
        """Make a product, under an id of the caller's own if one is given."""
        given = read(ask.params, SHAPE, "name")
        product_id = given.get("id") or self.shelf.new_id("prod")
        if self.shelf.find("products", product_id):
            raise Refusal(400, "Product already exists.", code="resource_already_exists", param="id", done=True)
        product: Object = {
            "id": product_id,
            "object": "product",
            "active": True,
            "created": now(),
            "default_price": None,
            "description": None,
            "images": [],
            "livemode": False,
            "marketing_features": [],
            "package_dimensions": None,
            "shippable": None,
            "statement_descriptor": None,
            "tax_code": None,
            "type": "service",
            "unit_label": None,
            "updated": now(),
            "url": None,
        }
        whole = product | {name: value for name, value in given.items() if name != "id"}
        return self.shelf.put("products", whole | {"metadata": merged({}, given.get("metadata", {}))})

    def price(self, data: Mapping[str, Any], param: str) -> Object:
        """Make the price of a line from its `price_data`, read by PRICE."""
        if "currency" not in data or "product" not in data or ("unit_amount" in data) == ("unit_amount_decimal" in data):
            lacking = next((name for name in ("currency", "product") if name not in data), "unit_amount")
            told = f"Missing required param: {param}[{lacking}]."
            raise Refusal(400, told, code="parameter_missing", param=f"{param}[{lacking}]")
        if "unit_amount" not in data or data.get("recurring"):
            raise Refusal(400, "This stand-in takes one-off prices in whole minor units only.", param=param)
        amount = within_reach(data["unit_amount"], f"{param}[unit_amount]")
        price = {
            "id": self.shelf.new_id("price"),
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": now(),
            "currency": data["currency"],
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": self.shelf.get("products", data["product"], f"{param}[product]")["id"],
            "recurring": None,
            "tax_behavior": data.get("tax_behavior") or "unspecified",
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": amount,
            "unit_amount_decimal": str(amount),
        }
        return self.shelf.put("prices", price)

    def _product(self, ask: Ask) -> Object:
        read(ask.params, {})
        return self.shelf.get("products", ask.path["id"])

    def _change(self, ask: Ask) -> Object:
        product = self.shelf.get("products", ask.path["id"])
        given = read(ask.params, {name: reader for name, reader in SHAPE.items() if name != "id"})
        told = {"metadata": merged(product["metadata"], given.get("metadata", {})), "updated": now()}
        return self.shelf.change("products", product, **(given | told))
