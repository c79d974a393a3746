from insula.core.clock import now
from insula.fleet.traffic import BUCKETS_S, Traffic


def test_requests_are_counted_by_application_and_latency() -> None:
    traffic = Traffic()
    shop = traffic.of("shop")
    for status, seconds in ((200, 0.004), (200, 0.005), (404, 0.006), (500, 99.0), (0, 0.2)):
        shop.begin()
        shop.end(status, seconds)
    shop.begin()
    assert (shop.requests, shop.errors, shop.in_flight) == (5, 1, 1)
    assert shop.buckets[:2] == [2, 1]
    assert shop.buckets[-1] == 1
    assert sum(shop.buckets) == 5
    assert len(shop.buckets) == len(BUCKETS_S) + 1
    assert shop.last_visit_at is not None
    assert abs((now() - shop.last_visit_at).total_seconds()) < 5
    assert traffic.of("other").last_visit_at is None
    assert traffic.of("other").requests == 0
    traffic.forget("shop")
    traffic.forget("shop")
    assert set(traffic.all()) == {"other"}
