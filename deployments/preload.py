"""What the process that children are forked from imports once, so that a child is warm as soon as it is forked."""

from deployments.child import warm_up

warm_up()
