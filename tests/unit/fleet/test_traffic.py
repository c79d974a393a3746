from insula.core.clock import now
from insula.fleet.traffic import Traffic
from insula.fleet.traffic_numbers import BUCKETS_S


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


def test_the_place_of_one_that_is_gone_is_another_s_once_nothing_of_it_is_under_way() -> None:
    traffic = Traffic()
    gone, busy = traffic.of("gone"), traffic.of("busy")
    gone.begin()
    gone.end(200, 0.1)
    busy.begin()
    traffic.forget("gone")
    traffic.forget("busy")
    assert traffic.seen("gone") is None
    new, newer = traffic.of("new"), traffic.of("newer")
    assert (new.requests, new.in_flight, new.visited, newer.in_flight) == (0, 0, 0.0, 0)
    busy.end(200, 0.1)
    for counts in (new, newer):
        counts.begin()
        assert (counts.requests, counts.in_flight) == (0, 1)
        counts.end(500, 0.2)
        assert (counts.requests, counts.errors, counts.in_flight) == (1, 1, 0)
