from emla.model.limits import XmlLimits


def test_the_defaults_are_those_of_the_specification() -> None:
    limits = XmlLimits()
    assert limits.size_bytes_max == 10 * 1024 * 1024
    assert limits.depth_max == 64
    assert limits.elements_max == 200_000
    assert limits.attributes_max == 64
