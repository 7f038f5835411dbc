from pathlib import Path
def test_smoke(make_napari_viewer, small_store, qtbot):
    from napari_finercam._session import ReviewSession
    from napari_finercam._widget import ReviewWidget
    viewer = make_napari_viewer(show=True)
    w = ReviewWidget(viewer)
    viewer.window.add_dock_widget(w, name="Review", area="right")
    viewer.window._qt_window.resize(1440, 860)
    for _ in range(10): qtbot.wait(20)
    viewer.screenshot("/tmp/rev_empty.png", canvas_only=False, flash=False)
    w.open(ReviewSession(small_store, "A"))
    for _ in range(10): qtbot.wait(40)
    viewer.screenshot("/tmp/rev_open.png", canvas_only=False, flash=False)
    w.acts.toggle_keys()
    for _ in range(5): qtbot.wait(40)
    viewer.screenshot("/tmp/rev_keys.png", canvas_only=False, flash=False)
    import time
    for k in range(12):
        s=time.perf_counter(); w.acts.next(); t=time.perf_counter()-s; qtbot.wait(30); print("next", 1e3*t)
    w.close_session()
