"""Stories in other words, by an endpoint of your choice; not one figure may change."""
